package org.tastemaker.examples.align;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.AtomicFiles;
import org.tastemaker.examples.report.JudgedGroup;

/**
 * The groups that a judge was shown last and what it said, stored in a run's folder: {@code
 * judged/groups.json} and a PNG file for each image. The JSON file is replaced last and atomically,
 * so that a crash leaves either the old groups or the new ones.
 */
public final class Transcript {
  /** As many as a report shows. */
  private static final int KEPT = 4;

  private final Path folder;
  private List<JudgedGroup> latest;

  private Transcript(Path folder, List<JudgedGroup> latest) {
    this.folder = folder;
    this.latest = latest;
  }

  /**
   * The transcript of a run, with what an earlier session of it has written.
   *
   * @param run the run's folder
   * @return empty if no judge was asked yet
   * @throws IllegalArgumentException if an existing transcript cannot be read
   */
  public static Transcript of(Path run) {
    Path folder = run.resolve("judged");
    Path file = folder.resolve("groups.json");
    if (!Files.exists(file)) {
      return new Transcript(folder, List.of());
    }
    try {
      List<JudgedGroup> groups = new ArrayList<>();
      for (JsonObject group : Json.readObject(file).objects("groups")) {
        groups.add(read(group, folder));
      }
      return new Transcript(folder, List.copyOf(groups));
    } catch (IOException | RuntimeException e) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s holds no judged groups (%s): delete it, and the next round writes it again",
              file,
              e.getMessage()),
          e);
    }
  }

  /**
   * An oracle whose latest questions and answers are recorded here.
   *
   * @param oracle is asked
   * @return gives the same answers
   */
  public FeedbackOracle around(FeedbackOracle oracle) {
    return (asked, rubric) -> {
      List<Judgement> answers = oracle.rank(asked, rubric);
      keep(asked, answers);
      return answers;
    };
  }

  /**
   * The latest answers.
   *
   * @return the first few groups of the latest round
   */
  public List<JudgedGroup> latest() {
    return latest;
  }

  private void keep(List<ImageGroup> asked, List<Judgement> answers) {
    List<JudgedGroup> groups = new ArrayList<>();
    for (int i = 0; i < Math.min(KEPT, asked.size()); i++) {
      groups.add(JudgedGroup.of(asked.get(i), answers.get(i)));
    }
    latest = List.copyOf(groups);
    try {
      write();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write to " + folder + ": " + e.getMessage(), e);
    }
  }

  private void write() throws IOException {
    Files.createDirectories(folder);
    Set<String> files = new HashSet<>();
    List<Map<String, Object>> groups = new ArrayList<>();
    for (JudgedGroup group : latest) {
      List<String> images = new ArrayList<>();
      for (Image image : group.images()) {
        String name = image.sha256() + ".png";
        images.add(name);
        if (files.add(name)) {
          Files.write(folder.resolve(name), image.toPng());
        }
      }
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("prompt", group.prompt());
      json.put("images", images);
      json.put("ranking", group.ranking().tiers());
      json.put("rationale", group.rationale());
      json.put("judge", group.judge());
      json.put("missingReason", group.missingReason());
      json.put("asShown", group.asShown());
      groups.add(json);
    }
    AtomicFiles.write(
        folder.resolve("groups.json"), Json.writePretty(Map.of("groups", groups)) + "\n");
    try (Stream<Path> there = Files.list(folder)) {
      for (Path old : there.filter(f -> f.toString().endsWith(".png")).toList()) {
        if (!files.contains(Objects.requireNonNull(old.getFileName()).toString())) {
          Files.delete(old);
        }
      }
    }
  }

  private static JudgedGroup read(JsonObject json, Path folder) throws IOException {
    List<Image> images = new ArrayList<>();
    for (String name : json.texts("images")) {
      images.add(Image.read(folder.resolve(name)));
    }
    List<List<Integer>> tiers = json.integerLists("ranking");
    return new JudgedGroup(
        json.text("prompt"),
        images,
        tiers.isEmpty() ? Ranking.none(images.size()) : Ranking.ofTiers(images.size(), tiers),
        json.text("rationale"),
        json.text("judge"),
        json.has("missingReason") ? json.text("missingReason") : null,
        json.flag("asShown"));
  }
}
