package org.tastemaker.diffusion.model;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

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
   * @param weights the names that were looked for
   */
  static String found(Path folder, WeightFiles weights) {
    List<String> names = WeightFiles.names(folder);
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
          + weights.safetensors()
          + ".safetensors.index.json"
          + SAVE_ANEW;
    }
    Set<String> variants = weights.variants(folder);
    if (!variants.isEmpty()) {
      return "it holds the variants "
          + String.join(", ", variants)
          + "; say which, with FolderOptions";
    }
    for (String name : names) {
      if (name.matches(".*[.](bin|ckpt|pth?|safetensors)")) {
        return "its "
            + name
            + " has another name than the weights of such a folder; rename it to "
            + weights.safetensors()
            + ".safetensors, or to "
            + weights.pickles()
            + ".bin if it is a file of PyTorch";
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
}
