/**
 * Flink's file systems (S3, HDFS and others, by their plugins) as paths of {@code java.nio.file},
 * so that versions are written and read there by the same code as on a local disk.
 */
@NullMarked
package io.tapestream.operators.storage;

import org.jspecify.annotations.NullMarked;
