package org.tastemaker.diffusion.torch;

import static java.util.stream.Collectors.joining;

import java.util.Arrays;

/** What a user writes into a pom.xml to get LibTorch and the libraries of CUDA. */
final class Artifacts {
  /** Of LibTorch's classes, which the natives must have too. */
  static final String TORCH_VERSION = "2.10.0-1.5.13";

  /** Of the OpenBLAS that LibTorch was built with. */
  static final String OPENBLAS_VERSION = "0.3.31-1.5.13";

  /** Of the libraries that LibTorch was built with: CUDA 13.1 and cuDNN 9.19. */
  static final String CUDA_VERSION = "13.1-9.19-1.5.13";

  private Artifacts() {}

  /** LibTorch's natives, for the CPU or for CUDA. */
  static String torch(String classifier) {
    return dependency("pytorch", TORCH_VERSION, classifier);
  }

  static String openBlas(String classifier) {
    return dependency("openblas", OPENBLAS_VERSION, classifier);
  }

  static String cuda(CudaLibrary library, String classifier) {
    return dependency(library.artifact(), CUDA_VERSION, classifier);
  }

  /** All that natives for CUDA need beside themselves. */
  static String cuda(String classifier) {
    return Arrays.stream(CudaLibrary.values())
        .map(library -> cuda(library, classifier))
        .collect(joining(" "));
  }

  /** The classes of CUDA's runtime and what they call, which CUDA graphs need. */
  static String cudaRuntime(String classifier) {
    String natives = dependency("cuda", CUDA_VERSION, classifier);
    return natives.replaceFirst("<classifier>.*</classifier>", "") + " " + natives;
  }

  private static String dependency(String artifact, String version, String classifier) {
    return "<dependency><groupId>org.bytedeco</groupId><artifactId>"
        + artifact
        + "</artifactId><version>"
        + version
        + "</version><classifier>"
        + classifier
        + "</classifier></dependency>";
  }
}
