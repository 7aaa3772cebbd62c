/**
 * A local Flink cluster of separate processes: {@link io.tapestream.jobs.cluster.LocalCluster}
 * starts, lists and stops them; {@code RemoteFlink} submits to it and to any other cluster of the
 * same Flink.
 */
@NullMarked
package io.tapestream.jobs.cluster;

import org.jspecify.annotations.NullMarked;
