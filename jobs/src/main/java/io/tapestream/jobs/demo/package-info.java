/**
 * The demo: the main job on Fashion-MNIST with everything it needs in one process, as a user would
 * put it together.
 */
@NullMarked
package io.tapestream.jobs.demo;

import org.jspecify.annotations.NullMarked;
