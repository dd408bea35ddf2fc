package org.tastemaker.diffusion.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The names under which diffusers and transformers keep the weights of one model, in their order of
 * preference. A variant, such as {@code fp16} (half precision) or {@code non_ema} (not averaged),
 * stands before the ending; of an index, behind the word.
 *
 * @param safetensors the name without its ending
 * @param pickles the name of the older files without its ending
 */
record WeightFiles(String safetensors, String pickles) {
  static final WeightFiles DIFFUSERS =
      new WeightFiles("diffusion_pytorch_model", "diffusion_pytorch_model");
  static final WeightFiles TRANSFORMERS = new WeightFiles("model", "pytorch_model");

  private static final String USUAL = "";
  private static final String HALF = "fp16";
  private static final int MOST_FILES = 1000;

  /** A file of weights, or an index of several. */
  record Found(Path path, boolean index, String variant) {}

  /** The file of a variant, or of the usual weights; safetensors before pickles. */
  Optional<Found> of(String variant, Function<String, Path> files) {
    String dot = variant.isEmpty() ? "" : "." + variant;
    for (String[] kind : new String[][] {{safetensors, ".safetensors"}, {pickles, ".bin"}}) {
      Path file = files.apply(kind[0] + dot + kind[1]);
      if (Files.isRegularFile(file)) {
        return Optional.of(new Found(file, false, variant));
      }
      Path index = files.apply(kind[0] + kind[1] + ".index" + dot + ".json");
      if (Files.isRegularFile(index)) {
        return Optional.of(new Found(index, true, variant));
      }
    }
    return Optional.empty();
  }

  /** The usual weights, or else those in half precision, or else the only other variant. */
  Optional<Found> usual(Path folder, Function<String, Path> files) {
    List<String> variants = new ArrayList<>(List.of(USUAL, HALF));
    Set<String> others = variants(folder);
    if (others.size() == 1) {
      variants.addAll(others);
    }
    return variants.stream()
        .map(variant -> of(variant, files))
        .flatMap(Optional::stream)
        .findFirst();
  }

  /** The variants that a folder has files of. */
  Set<String> variants(Path folder) {
    Pattern name =
        Pattern.compile(
            "(?:"
                + Pattern.quote(safetensors)
                + "|"
                + Pattern.quote(pickles)
                + ")(?:\\.(\\w+)\\.(?:safetensors|bin)"
                + "|\\.(?:safetensors|bin)\\.index\\.(\\w+)\\.json)");
    Set<String> variants = new LinkedHashSet<>();
    for (String file : names(folder)) {
      Matcher matcher = name.matcher(file);
      if (matcher.matches()) {
        variants.add(matcher.group(1) == null ? matcher.group(2) : matcher.group(1));
      }
    }
    return variants;
  }

  /** The names of a folder's files, in the order of the alphabet. */
  static List<String> names(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .sorted()
          .limit(MOST_FILES)
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }
}
