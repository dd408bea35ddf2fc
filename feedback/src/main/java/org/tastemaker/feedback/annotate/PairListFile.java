package org.tastemaker.feedback.annotate;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.files.FolderBounds;
import org.tastemaker.core.files.UnsafeFileException;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.feedback.annotate.PromptFolders.Problem;

/** A JSON list of groups of images with a number for each. */
final class PairListFile {
  private final ListFile list;
  private final Path folder;
  private final FolderBounds bounds;
  private final Map<Path, List<Path>> entries = new LinkedHashMap<>(); // of each folder once
  private final List<Problem> problems = new ArrayList<>();

  private PairListFile(ListFile list, Path folder) {
    this.list = list;
    this.folder = folder;
    this.bounds = FolderBounds.of(folder);
  }

  static FoundPairs read(Path file) {
    Path parent = file.toAbsolutePath().getParent();
    PairListFile reader =
        new PairListFile(ListFile.read(file), parent == null ? file.toAbsolutePath() : parent);
    List<RankedFiles> groups = new ArrayList<>();
    for (int i = 0; i < reader.list.elements().size(); i++) {
      RankedFiles group = reader.group(i);
      if (group != null) {
        groups.add(group);
      }
    }
    return new FoundPairs(groups, reader.problems);
  }

  /** Null if the group cannot be used; the problem is told. */
  private @Nullable RankedFiles group(int element) {
    // 1. What the list says, which must be whole.
    List<String> names = new ArrayList<>();
    List<OptionalDouble> preferences = new ArrayList<>();
    JsonObject object =
        Json.parseObject(Json.write(list.elements().get(element)), list.at(element));
    while (object.has("image_" + names.size())) {
      int i = names.size();
      names.add(object.text("image_" + i));
      preferences.add(OptionalDouble.of(object.number("pref_" + i)));
    }
    String caption = object.text("caption", object.text("prompt", "")).strip();
    if (names.size() < 2) {
      throw list.wrong(
          element,
          "a group needs image_0 and image_1, with pref_0 and pref_1, but has "
              + names.size()
              + " of them from image_0 on");
    }
    // 2. The files that it names.
    List<Path> images = new ArrayList<>();
    for (String name : names) {
      Path image = image(element, name);
      if (image == null) {
        return null;
      }
      images.add(image);
    }
    // 3. The caption.
    Prompt prompt = caption.isEmpty() ? caption(images) : Prompt.of(caption);
    return prompt == null ? null : new RankedFiles(prompt, images, Ranking.ofScores(preferences));
  }

  private @Nullable Path image(int element, String name) {
    try {
      Path image = bounds.resolve(name);
      if (Files.isRegularFile(image)) {
        return image;
      }
      problems.add(
          new Problem(image, "there is no such file, which " + list.at(element) + " names"));
    } catch (UnsafeFileException | java.nio.file.InvalidPathException e) {
      problems.add(new Problem(folder, list.at(element) + ": " + e.getMessage()));
    }
    return null;
  }

  private @Nullable Prompt caption(List<Path> images) {
    List<Captions.Place> places = new ArrayList<>();
    for (Path image : images) {
      Path beside = image.getParent() == null ? folder : image.getParent();
      places.add(
          new Captions.Place(
              beside,
              entries.computeIfAbsent(beside, PromptFolders::entries),
              PromptFolders.stem(image)));
    }
    return Captions.of(images.get(0), places, problems::add);
  }
}
