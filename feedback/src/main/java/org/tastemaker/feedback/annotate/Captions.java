package org.tastemaker.feedback.annotate;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Prompt;
import org.tastemaker.feedback.annotate.PromptFolders.Problem;

/** The caption of a group of images, from the files beside them. */
final class Captions {
  private static final List<String> ENDINGS = List.of(".txt", ".caption");

  private Captions() {}

  /**
   * The caption that the files beside a group agree on.
   *
   * @param group names the group in messages, such as its first image
   * @param places where captions may stand: lists of files, and for each the names without ending
   * @return null where there is none, or several that differ; the problem is told
   */
  static @Nullable Prompt of(Path group, List<Place> places, Consumer<Problem> problems) {
    Map<String, Path> texts = new LinkedHashMap<>();
    for (Place place : places) {
      for (Path file : place.captions()) {
        String text = PromptFolders.text(file, problems);
        if (text == null) {
          return null;
        }
        texts.putIfAbsent(text, file);
      }
    }
    if (texts.size() == 1) {
      return Prompt.of(texts.keySet().iterator().next());
    }
    problems.accept(
        new Problem(
            group,
            texts.isEmpty()
                ? "it has no caption: write one into " + places.get(0).expected()
                : "its captions differ, though its images must be of one prompt: "
                    + names(texts.values())));
    return null;
  }

  private static String names(Collection<Path> files) {
    return String.join(", ", files.stream().map(Path::toString).toList());
  }

  /**
   * Where a caption may stand.
   *
   * @param folder of the file
   * @param files what is in it
   * @param name without its ending
   */
  record Place(Path folder, List<Path> files, String name) {
    List<Path> captions() {
      List<Path> found = new ArrayList<>();
      for (String ending : ENDINGS) {
        Path file = PromptFolders.named(files, name + ending);
        if (file != null) {
          found.add(file);
        }
      }
      return found;
    }

    Path expected() {
      return folder.resolve(name + ENDINGS.get(0));
    }
  }
}
