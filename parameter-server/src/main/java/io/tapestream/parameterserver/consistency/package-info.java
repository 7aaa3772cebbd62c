/**
 * Consistency modes: how far virtual workers may run apart, each mode one pure policy in one file.
 */
@NullMarked
package io.tapestream.parameterserver.consistency;

import org.jspecify.annotations.NullMarked;
