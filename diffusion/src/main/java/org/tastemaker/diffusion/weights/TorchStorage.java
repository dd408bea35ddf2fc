package org.tastemaker.diffusion.weights;

/**
 * A run of elements that tensors are views of. Where it lies in the file is known to the file.
 *
 * @param dtype of the elements
 * @param key names it within its file
 * @param length how many elements it has, at least 0
 */
record TorchStorage(DType dtype, String key, long length) {}
