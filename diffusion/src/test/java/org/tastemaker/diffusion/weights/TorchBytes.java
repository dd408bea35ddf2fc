package org.tastemaker.diffusion.weights;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.weights.PickleWriter.Instance;
import org.tastemaker.diffusion.weights.PickleWriter.Name;
import org.tastemaker.diffusion.weights.PickleWriter.Persistent;
import org.tastemaker.diffusion.weights.PickleWriter.Tuple;

/** Files as {@code torch.save} writes them. */
public final class TorchBytes {
  private final Map<String, byte[]> storages = new LinkedHashMap<>();
  private final Map<String, Integer> widths = new LinkedHashMap<>();

  /** A storage of elements in little-endian order. */
  String storage(DType dtype, byte[] elements) {
    String key = Integer.toString(storages.size());
    storages.put(key, elements);
    widths.put(key, dtype.bytes());
    return key;
  }

  /** A view of a storage. */
  Instance view(DType dtype, String key, long offset, List<Long> shape, List<Long> strides) {
    String type =
        switch (dtype) {
          case F64 -> "DoubleStorage";
          case F32 -> "FloatStorage";
          case F16 -> "HalfStorage";
          case BF16 -> "BFloat16Storage";
          case I64 -> "LongStorage";
          case I32 -> "IntStorage";
          case U8 -> "ByteStorage";
          default -> "BoolStorage";
        };
    byte[] elements = storages.getOrDefault(key, new byte[0]);
    Persistent storage =
        new Persistent(
            Tuple.of(
                "storage", new Name("torch", type), key, "cpu", elements.length / dtype.bytes()));
    return new Instance(
        "torch._utils",
        "_rebuild_tensor_v2",
        List.of(
            storage,
            offset,
            new Tuple(shape),
            new Tuple(strides),
            false,
            new Instance("collections", "OrderedDict", List.of(), PickleWriter.NONE)),
        PickleWriter.NONE);
  }

  /** A tensor in a storage of its own. */
  Instance tensor(float[] values, long... shape) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return tensor(DType.F32, bytes.array(), shape);
  }

  Instance tensor(DType dtype, byte[] elements, long... shape) {
    List<Long> sizes = new ArrayList<>();
    List<Long> strides = new ArrayList<>();
    long stride = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      sizes.add(0, shape[i]);
      strides.add(0, stride);
      stride *= shape[i];
    }
    return view(dtype, storage(dtype, elements), 0, sizes, strides);
  }

  /** As PyTorch 1.6 and later. */
  byte[] zip(Object root) {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("data.pkl", PickleWriter.write(root));
    entries.put("byteorder", "little".getBytes(StandardCharsets.UTF_8));
    storages.forEach((key, bytes) -> entries.put("data/" + key, bytes));
    entries.put("version", "3\n".getBytes(StandardCharsets.UTF_8));
    return zipOf(entries);
  }

  static byte[] zipOf(Map<String, byte[]> entries) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.setMethod(ZipOutputStream.STORED);
      for (Map.Entry<String, byte[]> each : entries.entrySet()) {
        ZipEntry entry = new ZipEntry("archive/" + each.getKey());
        CRC32 crc = new CRC32();
        crc.update(each.getValue());
        entry.setSize(each.getValue().length);
        entry.setCrc(crc.getValue());
        // PyTorch fills up to 64 bytes, so that the data can be mapped.
        entry.setExtra(new byte[] {'F', 'B', 5, 0, 'Z', 'Z', 'Z', 'Z', 'Z'});
        zip.putNextEntry(entry);
        zip.write(each.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** As PyTorch before 1.6; its storages are named by numbers of their addresses. */
  byte[] legacy(Object root) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] magic = new BigInteger("1950a86a20f9469cfc6c", 16).toByteArray();
    PickleWriter first = new PickleWriter().code(0x80).code(2).code(0x8A).code(magic.length);
    for (int i = magic.length - 1; i >= 0; i--) {
      first.code(magic[i]);
    }
    out.writeBytes(first.code('.').bytes());
    out.writeBytes(PickleWriter.write(1001L));
    out.writeBytes(
        PickleWriter.write(
            new PickleWriter.Entries(List.of("protocol_version", 1001L, "little_endian", true))));
    out.writeBytes(PickleWriter.write(withViewMetadata(root)));
    out.writeBytes(PickleWriter.write(List.copyOf(storages.keySet())));
    storages.forEach(
        (key, bytes) -> {
          long count = bytes.length / widths.getOrDefault(key, 1);
          out.writeBytes(
              ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(count).array());
          out.writeBytes(bytes);
        });
    return out.toByteArray();
  }

  /** In the older format a reference to a storage has one more part, which is None. */
  private static Object withViewMetadata(Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> copy = new LinkedHashMap<>();
      map.forEach((key, inner) -> copy.put(key, withViewMetadata(inner)));
      return copy;
    } else if (value instanceof Instance instance) {
      return new Instance(
          instance.module(),
          instance.name(),
          instance.arguments().stream().map(TorchBytes::withViewMetadata).toList(),
          instance.state());
    } else if (value instanceof Persistent persistent && persistent.id() instanceof Tuple parts) {
      List<Object> more = new ArrayList<>(parts.values());
      more.add(PickleWriter.NONE);
      return new Persistent(new Tuple(more));
    }
    return value;
  }

  /**
   * Writes the tensors of a safetensors file in float32, as PyTorch would.
   *
   * @param key in which they are, such as {@code state_dict}; empty for none
   */
  public static void convert(Path safetensors, Path target, String key) {
    TorchBytes torch = new TorchBytes();
    Map<String, Object> tensors = new LinkedHashMap<>();
    try (SafetensorsFile file = SafetensorsFile.open(safetensors)) {
      for (String name : file.names()) {
        try (INDArray array = file.array(name, DataType.FLOAT)) {
          tensors.put(
              name, torch.tensor(array.ravel().toFloatVector(), file.shape(name).toArray()));
        }
      }
    }
    byte[] bytes = torch.zip(key.isEmpty() ? tensors : Map.of("epoch", 3L, key, tensors));
    SafetensorsBytes.write(target, bytes);
  }

  /** Writes a dict of vectors. */
  public static void write(Path target, Map<String, float[][]> tensors) {
    TorchBytes torch = new TorchBytes();
    Map<String, Object> root = new LinkedHashMap<>();
    tensors.forEach(
        (name, rows) -> {
          float[] all = new float[rows.length * rows[0].length];
          for (int i = 0; i < rows.length; i++) {
            System.arraycopy(rows[i], 0, all, i * rows[0].length, rows[0].length);
          }
          root.put(name, torch.tensor(all, rows.length, rows[0].length));
        });
    try {
      Files.write(target, torch.zip(root));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes an embedding as AUTOMATIC1111's web UI does; parameters in a dict of them or plain. */
  public static void writeWebUi(Path target, String name, float[] values, boolean parameters) {
    TorchBytes torch = new TorchBytes();
    Object tensor = torch.tensor(values, 1, values.length);
    Map<String, Object> params = Map.of("*", tensor);
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("string_to_token", Map.of("*", 265L));
    root.put(
        "string_to_param",
        parameters
            ? new Instance(
                "torch.nn.modules.container",
                "ParameterDict",
                List.of(),
                Map.of("training", true, "_parameters", params))
            : params);
    root.put("name", name);
    root.put("step", 499L);
    root.put("sd_checkpoint_name", PickleWriter.NONE);
    try {
      Files.write(target, torch.zip(root));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
