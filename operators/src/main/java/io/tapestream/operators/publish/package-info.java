/**
 * Publishing: on a checkpoint the server's blocks leave as one model version, complete or invisible
 * (I4), exactly once with Flink's checkpoints (I5, R17, R18).
 *
 * <pre>
 * server shards ─ BlockSnapshot ─► ShardWriter ─ StagedShard ─► VersionAssembler ─ PendingVersion ─► VersionCommitter ─► Announcer
 *                                  one file per              weights.safetensors,                  next number, manifest last
 *                                  shard and cut             model.json, hashed                    once the checkpoint is complete
 * </pre>
 */
@NullMarked
package io.tapestream.operators.publish;

import org.jspecify.annotations.NullMarked;
