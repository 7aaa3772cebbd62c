/**
 * The files a published model version is made of: named tensors, the manifest that lists and hashes
 * them, and the directory that holds one version beside the other.
 */
@NullMarked
package io.tapestream.files;

import org.jspecify.annotations.NullMarked;
