/** The parameter server's shell in Flink: blocks in keyed state, weights out, snapshots aside. */
@NullMarked
package io.tapestream.operators.server;

import org.jspecify.annotations.NullMarked;
