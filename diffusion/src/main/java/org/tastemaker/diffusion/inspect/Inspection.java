package org.tastemaker.diffusion.inspect;

import com.google.common.collect.ImmutableList;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.tastemaker.diffusion.lora.LoraNames;

/** What was found out, without the files' sizes. */
record Inspection(FileType type, String what, Optional<String> refusal) {
  static Inspection of(FileType type, String what, Optional<String> refusal) {
    return new Inspection(type, what, refusal);
  }

  /** A LoRA's, by its names. */
  static Inspection ofLora(Path path) {
    LoraNames[] names = new LoraNames[1];
    Optional<String> refusal = Refusal.of(() -> names[0] = LoraNames.read(path));
    if (refusal.isPresent()) {
      return of(FileType.LORA, "a LoRA", refusal);
    }
    List<String> problems = names[0].problems();
    String dialect = names[0].dialect();
    return of(
        FileType.LORA,
        "an adapter ("
            + String.join(", ", names[0].kinds())
            + ")"
            + (dialect.isEmpty() ? "" : " with " + dialect + " names"),
        problems.isEmpty()
            ? Optional.empty()
            : Optional.of(path + ": " + String.join("; ", problems)));
  }

  FileReport report(Path path) {
    return new FileReport(
        path,
        type,
        what,
        refusal,
        Files.exists(path) && type != FileType.HUB_CACHE
            ? WeightsOfPath.of(HubSnapshot.of(path))
            : ImmutableList.of());
  }
}
