/** From files to records on a topic: IDX images and CSV tables become Avro or Arrow examples. */
@NullMarked
package io.tapestream.jobs.feed;

import org.jspecify.annotations.NullMarked;
