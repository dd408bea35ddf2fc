package org.tastemaker.diffusion.train;

import com.google.common.collect.ImmutableMap;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;
import org.bytedeco.javacpp.BytePointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * The parameters of some networks and their adapters, by network and name, such as {@code
 * unet/conv_in.weight}.
 *
 * @param weights those that are trained, in order
 * @param frozen the others
 * @param engine that runs all networks of which something is trained; empty if there are several
 */
record TrainedParameters(
    ImmutableMap<String, INDArray> weights,
    ImmutableMap<String, INDArray> frozen,
    Optional<Engine> engine) {

  /**
   * Sorts the parameters.
   *
   * @param networks what is trained, by the networks' names
   * @param own the networks' own parameters, by the same names
   * @throws IllegalArgumentException if nothing is trainable, or something that is not FLOAT
   */
  static TrainedParameters of(Map<String, TrainedPart> networks, Map<String, Parameters> own) {
    Map<String, INDArray> weights = new LinkedHashMap<>();
    Map<String, INDArray> frozen = new LinkedHashMap<>();
    Set<Engine> engines = new LinkedHashSet<>();
    networks.forEach(
        (network, part) -> {
          List<Parameters> sets = new ArrayList<>();
          Optional.ofNullable(own.get(network)).ifPresent(sets::add);
          sets.addAll(part.adapters());
          for (Parameters set : sets) {
            set.arrays()
                .forEach(
                    (name, array) -> {
                      boolean trains = part.options().trainable().test(name);
                      put(weights, frozen, network + "/" + name, array, trains);
                      if (trains) {
                        engines.add(part.options().engine());
                      }
                    });
          }
        });
    if (weights.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "nothing is trained: none of the %s parameters of %s is trainable by its part's options",
              frozen.size(),
              networks.keySet()));
    }
    return new TrainedParameters(
        ImmutableMap.copyOf(weights),
        ImmutableMap.copyOf(frozen),
        engines.size() == 1 ? Optional.of(engines.iterator().next()) : Optional.empty());
  }

  private static void put(
      Map<String, INDArray> weights,
      Map<String, INDArray> frozen,
      String key,
      INDArray array,
      boolean trains) {
    if (weights.containsKey(key) || frozen.containsKey(key)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "two parameters are named %s: an adapter needs names of its own", key));
    }
    if (trains && array.dataType() != DataType.FLOAT) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s must be of type FLOAT to be trained, but was %s",
              key,
              array.dataType()));
    }
    (trains ? weights : frozen).put(key, array);
  }

  /** A checksum of everything that is not trained, with the names. */
  String frozenSum() {
    CRC32C sum = new CRC32C();
    ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
    for (Map.Entry<String, INDArray> entry : frozen.entrySet()) {
      sum.update(entry.getKey().getBytes(StandardCharsets.UTF_8));
      if (entry.getValue().dataType() != DataType.FLOAT) { // of half precision
        INDArray half = entry.getValue();
        sum.update(
            new BytePointer(half.data().addressPointer())
                .capacity(half.length() * half.dataType().width())
                .asByteBuffer());
        continue;
      }
      FloatBuffer rest = FloatBuffers.of(entry.getValue());
      while (rest.hasRemaining()) {
        FloatBuffer part = rest.slice();
        part.limit(Math.min(part.capacity(), bytes.capacity() / Float.BYTES));
        rest.position(rest.position() + part.limit());
        int length = part.limit() * Float.BYTES;
        bytes.asFloatBuffer().put(part);
        sum.update(bytes.clear().limit(length));
        bytes.clear();
      }
    }
    return String.format(Locale.ROOT, "%d parameters, %08x", frozen.size(), sum.getValue());
  }
}
