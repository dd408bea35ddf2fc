package org.tastemaker.human.review;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.run.Settings;
import org.tastemaker.feedback.annotate.AnnotationJob;

/** What the tests of reviews share: a judge's dataset of groups of three, with reasons. */
final class Judged {
  static final Rubric RUBRIC = Rubric.of("red", "1", "Redder is better.");
  static final Clock CLOCK = Clock.fixed(Instant.parse("2026-01-02T03:04:05Z"), ZoneOffset.UTC);
  static final String ATTACK = "</script><img src=x onerror=alert(1)>";

  /** The judge's order of every group. */
  static final Ranking ORDER = Ranking.of(2, 0, 1);

  private Judged() {}

  static Path dataset(Path folder, int groups) {
    Path dataset = folder.resolve("judged.jsonl");
    AnnotationJob.builder(
            dataset,
            (asked, rubric) -> asked.stream().map(group -> verdict()).toList(),
            RUBRIC,
            Settings.none().with("judge", "chat").with("protocol", "listwise"))
        .saveImages(images(folder))
        .clock(CLOCK)
        .build()
        .run(groups(groups));
    return dataset;
  }

  static Path images(Path folder) {
    return folder.resolve("images");
  }

  static Path log(Path folder) {
    return folder.resolve("review.jsonl");
  }

  private static Judgement verdict() {
    return Judgement.of(ORDER, "chat")
        .withRationale("Image B is redder. " + ATTACK)
        .withByCriterion(Map.of("text", Ranking.of(0, 1, 2), "style", Ranking.of(2, 1, 0)))
        .withProvenance(
            Map.of(
                "rubric", "red@1",
                "preferences", "0,1,0.9;0,2,0.2;1,2,0.4",
                "shown", "0,1,2"));
  }

  /** Of values that are no whole 255ths: a PNG changes their hashes. */
  static List<ImageGroup> groups(int count) {
    List<ImageGroup> groups = new ArrayList<>();
    for (int g = 0; g < count; g++) {
      List<Image> images = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        images.add(Image.filled(4, 4, 0.1003f + 0.3f * i, 0.0007f * g, 0.5f));
      }
      groups.add(new ImageGroup(Prompt.of("prompt " + g + (g == 0 ? ATTACK : "")), images));
    }
    return groups;
  }

  static ReviewDesk desk(Path folder, Path dataset) {
    return desk(folder, dataset, options(1));
  }

  static ReviewDesk desk(Path folder, Path dataset, ReviewDesk.Options options) {
    return ReviewDesk.open(dataset, log(folder), options, CLOCK);
  }

  static ReviewDesk.Options options(int people) {
    return new ReviewDesk.Options(ReviewOrder.AS_IT_IS, people, Duration.ofMinutes(10), Seed.of(1));
  }

  static ReviewDesk.SaidAnswer confirm(String id, String group) {
    return new ReviewDesk.SaidAnswer(id, group, Review.Kind.CONFIRMED, List.of(), Map.of(), 1000);
  }

  /** An order of the images, whatever order they are shown in. */
  static ReviewDesk.SaidAnswer overrule(String id, ReviewDesk.Shown shown, int... images) {
    List<List<Integer>> tiers = new ArrayList<>();
    for (int image : images) {
      tiers.add(List.of(shown.shown().indexOf(image)));
    }
    return new ReviewDesk.SaidAnswer(
        id, shown.verdict().id(), Review.Kind.OVERRULED, tiers, Map.of(), 2000);
  }

  static ReviewDesk.SaidAnswer other(String id, String group, Review.Kind kind) {
    return new ReviewDesk.SaidAnswer(id, group, kind, List.of(), Map.of(), 500);
  }

  static ReviewDesk.Shown look(ReviewDesk desk, String person) {
    return desk.standing(person).shown().orElseThrow();
  }
}
