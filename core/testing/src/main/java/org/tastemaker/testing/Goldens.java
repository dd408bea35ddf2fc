package org.tastemaker.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A file of reference numbers from a public implementation, in the safetensors format. It is read
 * without any class of the project's main code. The files are in the folder that the system
 * property {@code tastemaker.goldens} names, or else among the test resources.
 */
public final class Goldens {
  /**
   * Both sides compute in float32 and sum in different orders, over up to a few thousand terms and
   * about a dozen layers: 1e-7 grows to about 1e-6. A wrong epsilon, a swapped half or a wrong GELU
   * shows up as 1e-3 or more.
   */
  public static final double BOUND = 1e-4;

  /** Gradients pass through every layer twice and have more cancellation. */
  public static final double GRADIENT_BOUND = 1e-3;

  private static final String FOLDER = "goldens";
  private static final String CASE = "io.safetensors";

  private final String name;
  private final Map<String, String> metadata;
  private final Map<String, double[]> tensors;
  private final Map<String, int[]> shapes;

  private Goldens(String name, SafetensorsReader file) {
    this.name = name;
    this.metadata = file.metadata();
    this.tensors = file.tensors();
    this.shapes = file.shapes();
  }

  /**
   * The file of this name.
   *
   * @param name such as {@code ddpo.safetensors}
   * @return its tensors
   */
  public static Goldens open(String name) {
    String folder = given();
    try {
      if (folder != null) {
        return new Goldens(
            stem(name), new SafetensorsReader(Files.readAllBytes(Path.of(folder, name))));
      }
      try (InputStream in = Goldens.class.getResourceAsStream("/" + FOLDER + "/" + name)) {
        return new Goldens(
            stem(name), new SafetensorsReader(Objects.requireNonNull(in, name).readAllBytes()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The numbers of a case: a folder that also holds the model's files.
   *
   * @param folder one of {@link #cases}
   * @return its tensors
   */
  public static Goldens of(Path folder) {
    try {
      return new Goldens(
          folder.getFileName().toString(),
          new SafetensorsReader(Files.readAllBytes(folder.resolve(CASE))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The folders of the cases of a kind; those among the test resources if the named folder has
   * none.
   *
   * @param prefix of the folders' names
   * @return the folders, sorted
   */
  public static List<Path> cases(String prefix) {
    String given = given();
    if (given != null) {
      List<Path> cases = cases(Path.of(given), prefix);
      if (!cases.isEmpty()) {
        return cases;
      }
    }
    List<Path> cases = new ArrayList<>();
    try {
      for (URL folder : Collections.list(Goldens.class.getClassLoader().getResources(FOLDER))) {
        if (folder.getProtocol().equals("file")) { // not in a jar: models are loaded from folders
          cases.addAll(cases(Path.of(folder.toURI()), prefix));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
    assertThat(cases).as("cases of " + prefix).isNotEmpty();
    return cases;
  }

  private static List<Path> cases(Path folder, String prefix) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(path -> path.getFileName().toString().startsWith(prefix))
          .filter(path -> Files.exists(path.resolve(CASE)))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static @Nullable String given() {
    return System.getProperty("tastemaker.goldens");
  }

  private static String stem(String name) {
    return name.substring(0, name.lastIndexOf('.'));
  }

  /**
   * The file's metadata, in the order of the file.
   *
   * @return the texts by name
   */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * A text of the file's metadata.
   *
   * @param key its name
   * @return the text
   */
  public String text(String key) {
    return Objects.requireNonNull(metadata.get(key), key);
  }

  /**
   * Whether the file holds a tensor.
   *
   * @param tensor its name
   * @return whether it does
   */
  public boolean has(String tensor) {
    return tensors.containsKey(tensor);
  }

  /**
   * A tensor's values, whatever their type.
   *
   * @param tensor its name
   * @return the values, in C order
   */
  public double[] doubles(String tensor) {
    return Objects.requireNonNull(tensors.get(tensor), tensor);
  }

  /**
   * A tensor's values as whole numbers.
   *
   * @param tensor its name
   * @return the values, in C order
   */
  public int[] ints(String tensor) {
    double[] values = doubles(tensor);
    int[] ints = new int[values.length];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = (int) values[i];
    }
    return ints;
  }

  /**
   * A tensor's values in single precision.
   *
   * @param tensor its name
   * @return a new buffer, in C order
   */
  public FloatBuffer floats(String tensor) {
    double[] values = doubles(tensor);
    FloatBuffer buffer = FloatBuffer.allocate(values.length);
    for (double value : values) {
      buffer.put((float) value);
    }
    return buffer.flip();
  }

  /**
   * A tensor's shape.
   *
   * @param tensor its name
   * @return its sizes
   */
  public int[] shape(String tensor) {
    return Objects.requireNonNull(shapes.get(tensor), tensor);
  }

  /**
   * The largest norm of the tensors whose names begin with a prefix.
   *
   * @param prefix of the names
   * @return the norm; 0 if there are none
   */
  public double largestNorm(String prefix) {
    double largest = 0;
    for (Map.Entry<String, double[]> tensor : tensors.entrySet()) {
      if (tensor.getKey().startsWith(prefix)) {
        double norm = 0;
        for (double value : tensor.getValue()) {
          norm += value * value;
        }
        largest = Math.max(largest, Math.sqrt(norm));
      }
    }
    return largest;
  }

  /**
   * Prints ||ours - reference|| / ||reference|| and checks it.
   *
   * @param tensor the reference's name
   * @param ours of the same shape
   * @param bound of the relative error
   */
  public void check(String tensor, INDArray ours, double bound) {
    check(tensor, ours, bound, 0);
  }

  /**
   * The same, for a tensor that is zero in exact arithmetic, such as the gradient of a bias before
   * a group norm of one channel per group: if the reference is below a millionth of {@code scale},
   * it is float32 rounding error, and ours must be too.
   *
   * @param tensor the reference's name
   * @param ours of the same shape
   * @param bound of the relative error
   * @param scale typical size of numbers that are not zero
   */
  public void check(String tensor, INDArray ours, double bound, double scale) {
    int[] shape = shape(tensor);
    assertThat(ours.shape())
        .as("shape of " + tensor)
        .isEqualTo(Arrays.stream(shape).asLongStream().toArray());
    double[] reference = doubles(tensor);
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
    print(name, tensor, error);
    if (Math.sqrt(norm) < 1e-6 * scale) {
      assertThat(Math.sqrt(difference)).as(tensor + ", zero").isLessThan(1e-5 * scale);
    } else {
      assertThat(error).as(name + " " + tensor).isLessThan(bound);
    }
  }

  /**
   * The relative error ||ours - reference|| / ||reference||, which is printed.
   *
   * @param golden the case's name, for the line that is printed
   * @param tensor the tensor's name, for the line that is printed
   * @param ours our numbers
   * @param reference the reference numbers, as many
   * @return the error; infinity if the reference is zero and ours is not
   */
  public static double report(String golden, String tensor, double[] ours, double[] reference) {
    assertThat(ours).as(tensor).hasSameSizeAs(reference);
    double error = 0;
    double norm = 0;
    for (int i = 0; i < reference.length; i++) {
      error += (ours[i] - reference[i]) * (ours[i] - reference[i]);
      norm += reference[i] * reference[i];
    }
    double relative = error == 0 ? 0 : Math.sqrt(error / norm);
    print(golden, tensor, relative);
    return relative;
  }

  private static void print(String golden, String tensor, double error) {
    System.out.printf(Locale.ROOT, "golden %s %s max_rel_err=%.3e%n", golden, tensor, error);
  }

  /**
   * One row of a tensor.
   *
   * @param tensor its values
   * @param i the row's index
   * @param rows the size of the first dimension
   * @return a view
   */
  public static FloatBuffer row(FloatBuffer tensor, int i, int rows) {
    int size = tensor.capacity() / rows;
    return tensor.slice(i * size, size);
  }

  /**
   * A buffer's values in double precision.
   *
   * @param buffer its position does not change
   * @return the values from its position to its limit
   */
  public static double[] doubles(FloatBuffer buffer) {
    double[] values = new double[buffer.remaining()];
    for (int i = 0; i < values.length; i++) {
      values[i] = buffer.get(buffer.position() + i);
    }
    return values;
  }
}
