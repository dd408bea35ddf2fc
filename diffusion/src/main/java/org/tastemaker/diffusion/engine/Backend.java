package org.tastemaker.diffusion.engine;

import com.google.common.base.Suppliers;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Checks once that ND4J can compute, so that what is missing from the class path is named together
 * with the lines that bring it, and not by a trace from inside ND4J.
 */
public final class Backend {
  private static final String BINDINGS = "org/nd4j/linalg/cpu/nativecpu/bindings/";

  /** What ND4J says cannot be asked twice: a class whose initializer has failed stays broken. */
  private static final Supplier<Optional<IllegalStateException>> PROBLEM =
      Suppliers.memoize(Backend::problem);

  private Backend() {}

  /**
   * Requires a backend of ND4J with its native libraries.
   *
   * @throws IllegalStateException if one is missing; the message names it and the lines to add
   */
  public static void require() {
    Optional<IllegalStateException> problem = PROBLEM.get();
    if (problem.isPresent()) {
      throw new IllegalStateException(problem.get().getMessage(), problem.get().getCause());
    }
  }

  private static Optional<IllegalStateException> problem() {
    try (INDArray one = Nd4j.createFromArray(1f)) {
      return one.getFloat(0) == 1
          ? Optional.empty()
          : Optional.of(new IllegalStateException("ND4J's backend gives wrong numbers"));
    } catch (RuntimeException | LinkageError e) {
      List<String> lines = missing();
      String why = rootOf(e).toString();
      // The trace tells nothing that the lines do not.
      return Optional.of(
          lines.isEmpty()
              ? new IllegalStateException("ND4J cannot compute on this machine: " + why, e)
              : new IllegalStateException(
                  "ND4J cannot compute, since native libraries are missing from the class path ("
                      + why
                      + "). Add these lines to the dependencies of your pom.xml:\n"
                      + String.join("\n", lines)));
    }
  }

  /** The dependencies of the processor's backend that are not on the class path. */
  private static List<String> missing() {
    String platform = MavenLines.platform();
    List<String> lines = new ArrayList<>();
    if (!there("org/nd4j/linalg/cpu/nativecpu/CpuBackend.class")) {
      lines.add(MavenLines.of("org.nd4j", "nd4j-native", "nd4j-api"));
    }
    String library = System.mapLibraryName("jnind4jcpu");
    if (Stream.of("", "-avx2", "-avx512", "-onednn", "-onednn-avx2", "-onednn-avx512")
        .noneMatch(extension -> there(BINDINGS + platform + extension + "/" + library))) {
      lines.add(MavenLines.withNatives("org.nd4j", "nd4j-native", "nd4j-api"));
    }
    for (String name : List.of("javacpp", "openblas")) {
      String file = System.mapLibraryName("jni" + name);
      if (!there("org/bytedeco/" + name + "/" + platform + "/" + file)) {
        lines.add(MavenLines.withNatives("org.bytedeco", name, name));
      }
    }
    return lines;
  }

  private static boolean there(String resource) {
    return Backend.class.getClassLoader().getResource(resource) != null;
  }

  private static Throwable rootOf(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    return root;
  }
}
