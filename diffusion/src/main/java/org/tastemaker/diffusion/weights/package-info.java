/**
 * Weights on disk: the safetensors format, read and written, and files of PyTorch, read.
 *
 * <p>A safetensors file is eight bytes with the length of a JSON header (little-endian), the
 * header, and the tensors' bytes, packed without holes in row-major order. The header comes from
 * outside, so it is checked whole before any of its numbers is used; if it is invalid, a {@link
 * org.tastemaker.diffusion.weights.SafetensorsException} names the file, the tensor, what was
 * expected and what was found; and no allocation is ever larger than the file is.
 *
 * <p>{@link org.tastemaker.diffusion.weights.SafetensorsFile} opens a file by reading its header
 * alone. A tensor is read when it is asked for, by positioned reads in pieces: straight into the
 * memory of the ND4J array where the types are the same, through a small buffer where half
 * precision is widened. So a file, or one tensor in it, may be larger than 2 GB, and nothing is
 * copied to the Java heap on the way. (Reads, not mapped memory: a file that is cut short while it
 * is read gives an error instead of ending the process, and a closed file can be replaced on every
 * operating system.)
 *
 * <p>{@link org.tastemaker.diffusion.weights.SafetensorsWriter} collects references to arrays and
 * writes them in one pass to a temporary file that takes the target's place at the end, so that a
 * reader never sees half a file. The same tensors give the same bytes.
 *
 * <p>{@link org.tastemaker.diffusion.weights.TorchFile} reads what {@code torch.save} writes
 * ({@code .ckpt}, {@code .bin}, {@code .pt}). Its table of contents is a pickle, which in Python is
 * a program. Here a small machine reads it that knows tensors, containers and a few names that
 * stand for nothing; a file with any other name is refused by that name. {@link
 * org.tastemaker.diffusion.weights.TensorFiles} opens either kind, by its first bytes.
 */
@NullMarked
package org.tastemaker.diffusion.weights;

import org.jspecify.annotations.NullMarked;
