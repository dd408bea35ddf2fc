package org.tastemaker.diffusion.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What a model's folder holds in place of the weights that are looked for, and the way out. */
final class MissingWeights {
  private static final String SAVE_ANEW =
      "; save the model in one file, in Python with"
          + " model.save_pretrained(folder, max_shard_size=\"100GB\")";
  private static final int SHOWN = 8;

  private MissingWeights() {}

  /**
   * The end of a message.
   *
   * @param folder of the model
   * @param weights the expected name, without its ending
   */
  static String found(Path folder, String weights) {
    List<String> names = names(folder);
    List<String> indices =
        names.stream().filter(name -> name.matches(".*[.]index([.]\\w+)?[.]json")).toList();
    List<String> shards =
        names.stream().filter(name -> name.matches(".*-\\d+-of-\\d+[.]\\w+")).toList();
    if (!indices.isEmpty() || !shards.isEmpty()) {
      return "its weights are in "
          + shards.size()
          + " shards"
          + (indices.isEmpty() ? "" : ", which " + indices.get(0) + " lists")
          + ", without an index "
          + weights
          + ".safetensors.index.json of safetensors"
          + SAVE_ANEW;
    }
    for (String name : names) {
      if (name.startsWith(weights) && name.endsWith(".safetensors")) {
        return "it holds "
            + name
            + ", of a variant that is not looked for; rename it to "
            + weights
            + ".safetensors";
      }
    }
    for (String name : names) {
      if (name.matches(".*[.](bin|ckpt|pth?)")) {
        return "weights in a .bin or .ckpt file, such as its "
            + name
            + ", may hold code and must be converted first, in Python with"
            + " model.save_pretrained(folder, safe_serialization=True)";
      }
    }
    for (String name : names) {
      if (name.matches(".*[.](msgpack|onnx|h5|gguf)")) {
        return "its " + name + " is for another library; the model's safetensors are needed";
      }
    }
    return names.isEmpty()
        ? "it is empty; download the model's safetensors"
        : "it holds "
            + String.join(", ", names.subList(0, Math.min(SHOWN, names.size())))
            + (names.size() > SHOWN ? " and " + (names.size() - SHOWN) + " more" : "")
            + "; download the model's safetensors";
  }

  private static List<String> names(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().limit(1000).toList();
    } catch (IOException e) {
      return List.of();
    }
  }
}
