/**
 * The backend on ND4J: its native ops on the tensors' own memory, each prepared once per tensors
 * and run again in every step. It computes in single and in double precision, and is what gradients
 * are checked on.
 */
@NullMarked
package io.tapestream.backend.nd4j;

import org.jspecify.annotations.NullMarked;
