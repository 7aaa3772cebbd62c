/** What a running job shows on the terminal. */
@NullMarked
package io.tapestream.jobs.progress;

import org.jspecify.annotations.NullMarked;
