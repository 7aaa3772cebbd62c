/**
 * From raw records to the columns of a batch: decodes and checks examples without making an object
 * per field, and says of each that can't be learned from why. Plain objects, no Flink.
 */
@NullMarked
package io.tapestream.operators.decode;

import org.jspecify.annotations.NullMarked;
