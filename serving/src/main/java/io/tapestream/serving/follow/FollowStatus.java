package io.tapestream.serving.follow;

import io.tapestream.files.Manifest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a follower serves at one moment.
 *
 * @param serving the default version
 * @param loaded every version that can be asked for, the oldest first
 * @param labels versions by their labels
 * @param loading the version that is being read, if one is
 * @param rejections versions that were to be served and can't be, the oldest first
 * @param swaps how often the default version has changed, the first one included
 * @param rejected how often a version was tried and refused
 * @param batches computed so far; 0 without {@link Batching}
 * @param batchedExamples examples in them
 */
public record FollowStatus(
    Optional<Manifest> serving,
    List<Manifest> loaded,
    Map<String, Long> labels,
    OptionalLong loading,
    List<Rejection> rejections,
    long swaps,
    long rejected,
    long batches,
    long batchedExamples) {}
