package org.tastemaker.feedback.annotate;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.feedback.annotate.PromptFolders.Problem;

/** A folder of winners and one of losers: {@code w/cat.png} and {@code l/cat.png}. */
final class WinnerLoserFolders {
  private static final Ranking FIRST_WINS = Ranking.of(0, 1);

  private WinnerLoserFolders() {}

  static FoundPairs read(Path folder) {
    Path winners = folder.resolve("w");
    Path losers = folder.resolve("l");
    if (!Files.isDirectory(winners) || !Files.isDirectory(losers)) {
      throw new IllegalArgumentException(
          folder
              + " must have the folders w, of the better images, and l, of the worse ones, but "
              + (Files.isDirectory(winners) ? "l" : "w")
              + " is not there");
    }
    List<Problem> problems = new ArrayList<>();
    List<Path> betterFiles = PromptFolders.entries(winners);
    List<Path> worseFiles = PromptFolders.entries(losers);
    Map<String, Path> better = images(betterFiles, problems);
    Map<String, Path> worse = images(worseFiles, problems);
    TreeSet<String> names = new TreeSet<>(better.keySet());
    names.addAll(worse.keySet());
    List<RankedFiles> pairs = new ArrayList<>();
    for (String name : names) {
      Path winner = better.get(name);
      Path loser = worse.get(name);
      if (winner == null || loser == null) {
        Path alone = winner != null ? winner : loser;
        problems.add(alone(Objects.requireNonNull(alone), winner == null ? winners : losers));
      } else {
        Prompt prompt =
            Captions.of(
                winner,
                List.of(
                    new Captions.Place(winners, betterFiles, name),
                    new Captions.Place(losers, worseFiles, name)),
                problems::add);
        if (prompt != null) {
          pairs.add(new RankedFiles(prompt, List.of(winner, loser), FIRST_WINS));
        }
      }
    }
    return new FoundPairs(pairs, problems);
  }

  private static Problem alone(Path image, Path other) {
    return new Problem(
        image, "there is no image of the same name in " + other + ", so it has no pair");
  }

  /** By name without ending. */
  private static Map<String, Path> images(List<Path> files, List<Problem> problems) {
    Map<String, Path> images = new TreeMap<>();
    for (Path file : files) {
      if (PromptFolders.isImage(file)) {
        Path first = images.putIfAbsent(PromptFolders.stem(file), file);
        if (first != null) {
          problems.add(new Problem(file, "there is " + first.getFileName() + " of the same name"));
        }
      }
    }
    return images;
  }
}
