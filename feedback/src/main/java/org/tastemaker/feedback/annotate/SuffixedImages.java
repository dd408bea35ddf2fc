package org.tastemaker.feedback.annotate;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.feedback.annotate.PromptFolders.Problem;

/** Images whose names end in a letter: {@code cat_w.png}, {@code cat_l.png}, {@code cat_e.png}. */
final class SuffixedImages {
  /** Better, even, worse. */
  private static final String LETTERS = "wel";

  private static final Pattern NAME = Pattern.compile("(.+)_([welWEL])");
  private static final Pattern NUMBERED = Pattern.compile("(.+)_\\d+");

  private SuffixedImages() {}

  /** An image, its name without ending, and without its letter too. */
  private record Item(Path file, String stem, String base, int tier) {}

  static FoundPairs read(Path folder) {
    List<Problem> problems = new ArrayList<>();
    List<Path> files = PromptFolders.entries(folder);
    List<RankedFiles> groups = new ArrayList<>();
    groups(files, problems)
        .forEach(
            (name, items) -> {
              Path first = items.get(0).file();
              if (items.size() == 1) {
                problems.add(
                    new Problem(first, "it is the only image of " + name + ": there is no pair"));
                return;
              }
              List<Captions.Place> places = new ArrayList<>();
              places.add(new Captions.Place(folder, files, name));
              for (Item item : items) {
                places.add(new Captions.Place(folder, files, item.stem()));
                if (!item.base().equals(name)) { // cat_1 of cat_1_w
                  places.add(new Captions.Place(folder, files, item.base()));
                }
              }
              Prompt prompt = Captions.of(first, places, problems::add);
              if (prompt != null) {
                groups.add(
                    new RankedFiles(
                        prompt, items.stream().map(Item::file).toList(), ranking(items)));
              }
            });
    return new FoundPairs(groups, problems);
  }

  /**
   * By name: {@code cat} of {@code cat_w} and {@code cat_l}; and where a name with a number has one
   * image alone, by the name without it.
   */
  private static Map<String, List<Item>> groups(List<Path> files, List<Problem> problems) {
    Map<String, List<Item>> byBase = new TreeMap<>();
    for (Path file : files) {
      if (!PromptFolders.isImage(file)) {
        continue;
      }
      String stem = PromptFolders.stem(file);
      Matcher name = NAME.matcher(stem);
      if (name.matches()) {
        int tier = LETTERS.indexOf(Character.toLowerCase(name.group(2).charAt(0)));
        byBase
            .computeIfAbsent(name.group(1), base -> new ArrayList<>())
            .add(new Item(file, stem, name.group(1), tier));
      } else {
        problems.add(
            new Problem(
                file, "its name must end in _w (better), _l (worse) or _e (even), but does not"));
      }
    }
    Map<String, List<Item>> groups = new TreeMap<>();
    byBase.forEach(
        (base, items) -> {
          Matcher numbered = NUMBERED.matcher(base);
          String name = items.size() == 1 && numbered.matches() ? numbered.group(1) : base;
          groups.computeIfAbsent(name, key -> new ArrayList<>()).addAll(items);
        });
    return groups;
  }

  private static Ranking ranking(List<Item> items) {
    List<List<Integer>> tiers = new ArrayList<>();
    for (int tier = 0; tier < LETTERS.length(); tier++) {
      List<Integer> tied = new ArrayList<>();
      for (int i = 0; i < items.size(); i++) {
        if (items.get(i).tier() == tier) {
          tied.add(i);
        }
      }
      if (!tied.isEmpty()) {
        tiers.add(tied);
      }
    }
    return Ranking.ofTiers(items.size(), tiers);
  }
}
