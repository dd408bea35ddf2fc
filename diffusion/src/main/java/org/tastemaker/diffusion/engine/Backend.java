package org.tastemaker.diffusion.engine;

import com.google.common.base.Suppliers;
import java.util.Optional;
import java.util.function.Supplier;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Checks once that ND4J can compute, so that what is missing from the class path is named together
 * with the line that brings it, and not by a trace from inside ND4J.
 */
public final class Backend {
  /** What ND4J says cannot be asked twice: a class whose initializer has failed stays broken. */
  private static final Supplier<Optional<IllegalStateException>> PROBLEM =
      Suppliers.memoize(Backend::problem);

  private Backend() {}

  /**
   * Requires a backend of ND4J with its native libraries.
   *
   * @throws IllegalStateException if one is missing; the message names it and the line to add
   */
  public static void require() {
    Optional<IllegalStateException> problem = PROBLEM.get();
    if (problem.isPresent()) {
      throw new IllegalStateException(problem.get().getMessage(), problem.get().getCause());
    }
  }

  /**
   * What oneDNN's kernels need and the class path lacks.
   *
   * @return what is missing, and the line to add; empty if all of it is there
   */
  public static Optional<String> missingOneDnn() {
    return NativeLibraries.here().missingOneDnn();
  }

  private static Optional<IllegalStateException> problem() {
    NativeLibraries libraries = NativeLibraries.here();
    Optional<String> two = libraries.twoBackends();
    if (two.isPresent()) {
      return Optional.of(new IllegalStateException("ND4J cannot compute: " + two.get()));
    }
    try (INDArray one = Nd4j.createFromArray(1f)) {
      return one.getFloat(0) == 1
          ? Optional.empty()
          : Optional.of(new IllegalStateException("ND4J's backend gives wrong numbers"));
    } catch (RuntimeException | LinkageError e) {
      String why = rootOf(e).toString();
      // The trace tells nothing that the line does not.
      return Optional.of(
          libraries
              .missing()
              .map(line -> new IllegalStateException("ND4J cannot compute: " + line))
              .orElseGet(
                  () ->
                      new IllegalStateException("ND4J cannot compute on this machine: " + why, e)));
    }
  }

  private static Throwable rootOf(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    return root;
  }
}
