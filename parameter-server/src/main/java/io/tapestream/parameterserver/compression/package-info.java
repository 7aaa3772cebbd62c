/** How gradients travel from trainers to the parameter server. */
@NullMarked
package io.tapestream.parameterserver.compression;

import org.jspecify.annotations.NullMarked;
