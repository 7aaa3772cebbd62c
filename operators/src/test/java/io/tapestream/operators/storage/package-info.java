@NullMarked
package io.tapestream.operators.storage;

import org.jspecify.annotations.NullMarked;
