package org.tastemaker.diffusion.engine;

import com.google.common.primitives.Ints;
import java.util.Locale;

/**
 * What computes: the processor or a GPU.
 *
 * @param kind which sort
 * @param index which of several GPUs, from 0; 0 for the others
 */
public record Device(Kind kind, int index) {
  /** The first GPU that can run the engine; where there is none, the processor. */
  public static final Device AUTO = new Device(Kind.AUTO, 0);

  /** The processor. */
  public static final Device CPU = new Device(Kind.CPU, 0);

  /** Sorts of device. */
  public enum Kind {
    /** Decided when the engine is asked for. */
    AUTO,
    /** The processor. */
    CPU,
    /** A GPU of NVIDIA's. */
    CUDA
  }

  /**
   * Checks the index.
   *
   * @param kind as above
   * @param index as above
   */
  public Device {
    if (index < 0 || (kind != Kind.CUDA && index != 0)) {
      throw new IllegalArgumentException(
          "a device's index must be 0, or at least 0 for CUDA, but was " + index);
    }
  }

  /**
   * A GPU.
   *
   * @param index from 0, in CUDA's order of the GPUs that CUDA_VISIBLE_DEVICES shows: the fastest
   *     first, or nvidia-smi's order where CUDA_DEVICE_ORDER is PCI_BUS_ID
   * @return the device
   */
  public static Device cuda(int index) {
    return new Device(Kind.CUDA, index);
  }

  /**
   * The device of a name, as in a configuration.
   *
   * @param name auto, cpu, cuda (the first GPU) or cuda:n
   * @return the device
   * @throws IllegalArgumentException if it is none of these
   */
  public static Device of(String name) {
    String lower = name.strip().toLowerCase(Locale.ROOT);
    return switch (lower) {
      case "auto" -> AUTO;
      case "cpu" -> CPU;
      case "cuda" -> cuda(0);
      default -> {
        Integer index = lower.startsWith("cuda:") ? Ints.tryParse(lower.substring(5)) : null;
        if (index == null || index < 0) {
          throw new IllegalArgumentException(
              "a device must be auto, cpu, cuda or cuda:n, but was \"" + name + "\"");
        }
        yield cuda(index);
      }
    };
  }

  @Override
  public String toString() {
    String name = kind.name().toLowerCase(Locale.ROOT);
    return kind == Kind.CUDA ? name + ":" + index : name;
  }
}
