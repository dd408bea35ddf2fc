package org.tastemaker.diffusion.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What a class path has of ND4J's backends and native libraries, and the one line that puts it
 * right.
 *
 * @param platform the machine's, such as linux-x86_64
 * @param there whether the class path has a resource
 */
record NativeLibraries(String platform, Predicate<String> there) {
  private static final String CPU_BACKEND = "org/nd4j/linalg/cpu/nativecpu/CpuBackend.class";
  private static final String CUDA_BACKEND = "org/nd4j/linalg/jcublas/JCublasBackend.class";
  private static final String ND4J = "nd4j-native";
  private static final List<String> EXTENSIONS =
      List.of("", "-avx2", "-avx512", "-onednn", "-onednn-avx2", "-onednn-avx512");

  /** Of this process. */
  static NativeLibraries here() {
    ClassLoader loader = NativeLibraries.class.getClassLoader();
    return new NativeLibraries(MavenLines.platform(), name -> loader.getResource(name) != null);
  }

  /** Two backends, of which ND4J would choose one by itself. */
  Optional<String> twoBackends() {
    if (!there.test(CPU_BACKEND) || !there.test(CUDA_BACKEND)) {
      return Optional.empty();
    }
    return Optional.of(
        "there are two backends of ND4J on the class path, nd4j-native and nd4j-cuda, so that it is"
            + " not certain which one computes. Take out the dependency on nd4j-cuda; this one is enough:\n"
            + MavenLines.of("cpu", platform));
  }

  /** What the backend for the CPU needs and does not find. */
  Optional<String> missing() {
    List<String> missing = new ArrayList<>();
    if (!there.test(CPU_BACKEND)) {
      missing.add("the classes of nd4j-native");
    }
    for (String library : List.of(ND4J, "javacpp", "openblas")) {
      if (!hasFor(platform, library)) {
        missing.add(words(library));
      }
    }
    return missing.isEmpty() ? Optional.empty() : Optional.of(text(missing));
  }

  /** What the kernels of compiled graphs need and do not find. */
  Optional<String> missingOneDnn() {
    List<String> missing =
        Stream.of("dnnl", "opencl")
            .filter(library -> !hasFor(platform, library))
            .map(this::words)
            .toList();
    return missing.isEmpty() ? Optional.empty() : Optional.of(text(missing));
  }

  private String text(List<String> missing) {
    boolean known = MavenLines.PLATFORMS.contains(platform);
    return "the class path lacks "
        + String.join(", ", missing)
        + ". "
        + (known
            ? "Add this line to your dependencies, in place of those that bring natives now:\n"
                + MavenLines.of("cpu", platform)
            : "There are none for "
                + platform
                + ", only for "
                + String.join(", ", MavenLines.PLATFORMS)
                + (platform.equals("windows-arm64")
                    ? ". Use an x86_64 JDK, which Windows runs, and this line:\n"
                        + MavenLines.of("cpu", "windows-x86_64")
                    : ""));
  }

  private String words(String library) {
    List<String> others =
        MavenLines.PLATFORMS.stream()
            .filter(other -> !other.equals(platform) && hasFor(other, library))
            .toList();
    return library
        + "'s native libraries for this machine, "
        + platform
        + (others.isEmpty() ? "" : " (it has those for " + String.join(", ", others) + ")");
  }

  private boolean hasFor(String owner, String library) {
    return library.equals(ND4J)
        ? EXTENSIONS.stream()
            .map(extension -> "org/nd4j/linalg/cpu/nativecpu/bindings/" + owner + extension)
            .anyMatch(folder -> there.test(folder + "/" + file(owner, "jnind4jcpu")))
        : there.test("org/bytedeco/" + library + "/" + owner + "/" + file(owner, folder(library)));
  }

  /** The file that JavaCPP loads first. */
  private static String folder(String library) {
    return switch (library) {
      case "dnnl" -> "jnidnnl";
      case "opencl" -> "jniOpenCL";
      default -> "jni" + library;
    };
  }

  /** A library's file, as the system of a platform names it. */
  private static String file(String owner, String library) {
    if (owner.startsWith("windows")) {
      return library + ".dll";
    }
    return "lib" + library + (owner.startsWith("macosx") ? ".dylib" : ".so");
  }
}
