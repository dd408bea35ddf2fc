package org.tastemaker.diffusion.torch;

import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The libraries of CUDA that LibTorch's natives load and do not bring, by the jar that has them.
 */
enum CudaLibrary {
  /** Products of matrices. */
  CUBLAS("cublas", "cuda-redist-cublas"),
  /** Convolutions. */
  CUDNN("cudnn", "cuda-redist-cudnn"),
  /** Sparse matrices; loaded, not used. */
  CUSPARSE("cusparse", "cuda-redist-cusparse"),
  /** Talks between GPUs; loaded, not used. */
  NCCL("nccl", "cuda-redist-nccl"),
  /** All others: the run time, cuFFT, cuRAND, cuFile, CUPTI, the compiler and the linker. */
  RUNTIME("", "cuda-redist");

  private static final Pattern MISSING =
      Pattern.compile("([\\w+.-]+): cannot open shared object file");

  private final String prefix;
  private final String artifact;

  CudaLibrary(String prefix, String artifact) {
    this.prefix = prefix;
    this.artifact = artifact;
  }

  String artifact() {
    return artifact;
  }

  /** The file that the loader did not find, if that is what it says. */
  static Optional<String> missing(String error) {
    Matcher matcher = MISSING.matcher(error);
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  /** Who brings a file such as libcudnn.so.9. */
  static CudaLibrary of(String file) {
    return Arrays.stream(values())
        .filter(library -> file.startsWith("lib" + library.prefix))
        .findFirst()
        .orElse(RUNTIME);
  }
}
