package org.tastemaker.diffusion.schedule;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/**
 * A file of reference tensors in the safetensors format, read with nothing else of the project.
 *
 * @param metadata what the file says of itself, in its order
 * @param tensors by name, every type widened to double
 * @param shapes by name
 */
record Goldens(
    Map<String, String> metadata, Map<String, double[]> tensors, Map<String, int[]> shapes) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The file of this name in the folder that {@code tastemaker.goldens} names, or else ours. */
  static Goldens open(String name) {
    String folder = System.getProperty("tastemaker.goldens");
    try {
      if (folder != null) {
        return parse(Files.readAllBytes(Path.of(folder, name)));
      }
      try (InputStream in = Goldens.class.getResourceAsStream("/goldens/" + name)) {
        return parse(Objects.requireNonNull(in, name).readAllBytes());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Goldens parse(byte[] bytes) throws IOException {
    ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int header = Math.toIntExact(file.getLong());
    Map<String, String> metadata = new LinkedHashMap<>();
    Map<String, double[]> tensors = new HashMap<>();
    Map<String, int[]> shapes = new HashMap<>();
    JsonNode root = JSON.readTree(bytes, 8, header);
    root.fields()
        .forEachRemaining(
            entry -> {
              if (entry.getKey().equals("__metadata__")) {
                entry
                    .getValue()
                    .fields()
                    .forEachRemaining(m -> metadata.put(m.getKey(), m.getValue().asText()));
                return;
              }
              JsonNode tensor = entry.getValue();
              int[] shape = JSON.convertValue(tensor.get("shape"), int[].class);
              int count = 1;
              for (int size : shape) {
                count *= size;
              }
              int begin = 8 + header + tensor.get("data_offsets").get(0).asInt();
              double[] values = new double[count];
              for (int i = 0; i < count; i++) {
                values[i] =
                    switch (tensor.get("dtype").asText()) {
                      case "F32" -> file.getFloat(begin + 4 * i);
                      case "F64" -> file.getDouble(begin + 8 * i);
                      case "I64" -> file.getLong(begin + 8 * i);
                      default -> throw new IllegalArgumentException(tensor.toString());
                    };
              }
              tensors.put(entry.getKey(), values);
              shapes.put(entry.getKey(), shape);
            });
    return new Goldens(metadata, tensors, shapes);
  }

  double[] doubles(String name) {
    return Objects.requireNonNull(tensors.get(name), name);
  }

  int[] ints(String name) {
    double[] values = doubles(name);
    int[] ints = new int[values.length];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = (int) values[i];
    }
    return ints;
  }

  int[] shape(String name) {
    return Objects.requireNonNull(shapes.get(name), name);
  }

  FloatBuffer floats(String name) {
    double[] values = doubles(name);
    FloatBuffer buffer = FloatBuffer.allocate(values.length);
    for (double value : values) {
      buffer.put((float) value);
    }
    return buffer.flip();
  }

  /** Row {@code i} of {@code rows} along the first dimension. */
  static FloatBuffer row(FloatBuffer tensor, int i, int rows) {
    int size = tensor.capacity() / rows;
    return tensor.slice(i * size, size);
  }

  /** The relative error ||ours - ref|| / ||ref||, printed as the golden protocol asks. */
  static double report(String golden, String tensor, double[] ours, double[] reference) {
    double error = 0;
    double norm = 0;
    for (int i = 0; i < reference.length; i++) {
      error += (ours[i] - reference[i]) * (ours[i] - reference[i]);
      norm += reference[i] * reference[i];
    }
    // An exact match of zeros is no error; a difference from zeros is an infinite one.
    double relative = error == 0 ? 0 : Math.sqrt(error / norm);
    System.out.printf("golden %s %s max_rel_err=%.3e%n", golden, tensor, relative);
    return relative;
  }

  static double[] doubles(FloatBuffer buffer) {
    double[] values = new double[buffer.remaining()];
    for (int i = 0; i < values.length; i++) {
      values[i] = buffer.get(buffer.position() + i);
    }
    return values;
  }
}
