package org.tastemaker.diffusion.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.weights.SafetensorsFile;

/**
 * Reference numbers of the public implementations: the cases in the folder that the system property
 * {@code tastemaker.goldens} names, or, if it names none of the kind, those among the test
 * resources.
 */
final class Goldens {
  /**
   * Both sides compute in float32 and sum in different orders, over up to a few thousand terms and
   * some dozen layers: 1e-7 grows to about 1e-6. A wrong epsilon, a swapped half or a wrong GELU
   * shows up as 1e-3 or more.
   */
  static final double BOUND = 1e-4;

  /** Gradients pass every layer twice and cancel more. */
  static final double GRADIENT_BOUND = 1e-3;

  private Goldens() {}

  static List<Path> cases(String prefix) {
    String given = System.getProperty("tastemaker.goldens");
    if (given != null) {
      List<Path> cases = cases(Path.of(given), prefix);
      if (!cases.isEmpty()) {
        return cases;
      }
    }
    try {
      var resource = Objects.requireNonNull(Goldens.class.getResource("/goldens"));
      return cases(Path.of(resource.toURI()), prefix);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<Path> cases(Path folder, String prefix) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(path -> path.getFileName().toString().startsWith(prefix))
          .filter(path -> Files.exists(path.resolve("io.safetensors")))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Prints ||ours - reference|| / ||reference|| and checks it. */
  static void check(Path golden, String tensor, INDArray ours, SafetensorsFile file, double bound) {
    check(golden, tensor, ours, file, bound, 0);
  }

  /** The largest norm of the tensors whose names begin with a prefix. */
  static double largestNorm(SafetensorsFile file, String prefix) {
    double largest = 0;
    for (String name : file.names()) {
      if (name.startsWith(prefix)) {
        double norm = 0;
        for (float value : file.floats(name)) {
          norm += (double) value * value;
        }
        largest = Math.max(largest, Math.sqrt(norm));
      }
    }
    return largest;
  }

  /**
   * The same, for a tensor that is zero in exact arithmetic, such as the gradient of a bias before
   * a norm of one channel a group: where the reference is under a millionth of {@code scale} it is
   * float32's rounding, and so must ours be.
   */
  static void check(
      Path golden, String tensor, INDArray ours, SafetensorsFile file, double bound, double scale) {
    assertThat(ours.shape())
        .as("shape of " + tensor)
        .isEqualTo(file.info(tensor).shape().toArray());
    float[] reference = file.floats(tensor);
    INDArray values = ours.dup('c');
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < reference.length; i++) {
      difference += Math.pow(values.data().getDouble(i) - reference[i], 2);
      norm += Math.pow(reference[i], 2);
    }
    values.close();
    // A reference of zeros has no relative error.
    double error = Math.sqrt(norm == 0 ? difference : difference / norm);
    System.out.printf("golden %s %s max_rel_err=%.3e%n", golden.getFileName(), tensor, error);
    if (Math.sqrt(norm) < 1e-6 * scale) {
      assertThat(Math.sqrt(difference)).as(tensor + ", zero").isLessThan(1e-5 * scale);
    } else {
      assertThat(error).as(golden.getFileName() + " " + tensor).isLessThan(bound);
    }
  }
}
