package org.tastemaker.testing;

import com.squareup.moshi.JsonReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import okio.Buffer;

/**
 * Reads the safetensors format: a little-endian length, a header in JSON, and the tensors' bytes.
 * Every type is widened to double.
 */
final class SafetensorsReader {
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final Map<String, double[]> tensors = new HashMap<>();
  private final Map<String, int[]> shapes = new HashMap<>();
  private final ByteBuffer file;
  private final int data;

  SafetensorsReader(byte[] bytes) throws IOException {
    file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int header = Math.toIntExact(file.getLong());
    data = 8 + header;
    JsonReader json = JsonReader.of(new Buffer().write(bytes, 8, header));
    json.beginObject();
    while (json.hasNext()) {
      String name = json.nextName();
      if (name.equals("__metadata__")) {
        json.beginObject();
        while (json.hasNext()) {
          metadata.put(json.nextName(), json.nextString());
        }
        json.endObject();
      } else {
        tensor(name, json);
      }
    }
    json.endObject();
  }

  Map<String, String> metadata() {
    return metadata;
  }

  Map<String, double[]> tensors() {
    return tensors;
  }

  Map<String, int[]> shapes() {
    return shapes;
  }

  private void tensor(String name, JsonReader json) throws IOException {
    String type = "";
    int[] shape = {};
    int begin = 0;
    json.beginObject();
    while (json.hasNext()) {
      switch (json.nextName()) {
        case "dtype" -> type = json.nextString();
        case "shape" -> shape = ints(json);
        case "data_offsets" -> begin = data + ints(json)[0];
        default -> json.skipValue();
      }
    }
    json.endObject();
    int count = 1;
    for (int size : shape) {
      count *= size;
    }
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] =
          switch (type) {
            case "F32" -> file.getFloat(begin + 4 * i);
            case "F64" -> file.getDouble(begin + 8 * i);
            case "I64" -> file.getLong(begin + 8 * i);
            default -> throw new IllegalArgumentException(name + " is of type " + type);
          };
    }
    tensors.put(name, values);
    shapes.put(name, shape);
  }

  private static int[] ints(JsonReader json) throws IOException {
    List<Integer> values = new ArrayList<>();
    json.beginArray();
    while (json.hasNext()) {
      values.add(json.nextInt());
    }
    json.endArray();
    return values.stream().mapToInt(Integer::intValue).toArray();
  }
}
