/** Placeholder. */
@NullMarked
package io.tapestream.jobs.spec;

import org.jspecify.annotations.NullMarked;
