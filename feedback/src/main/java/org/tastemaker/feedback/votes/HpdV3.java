package org.tastemaker.feedback.votes;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.Set;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.votes.Answer.Outcome;

/**
 * HPDv3's {@code all.json}, {@code train.json} and {@code test.json}: pairs of images with the
 * counts of nine to nineteen votes.
 *
 * <pre>
 *   [{"prompt": "...", "path1": "images/a.jpg", "path2": "images/b.jpg",
 *     "model1": "flux", "model2": "infinity", "choice_dist": [12, 7], "confidence": 0.99}, ...]
 * </pre>
 *
 * <p><b>The first image is always the preferred one.</b> A judge that likes the first image, or a
 * model that sees the order, would look perfect. So the sides are exchanged at random here, by the
 * seed and the record's number, for half of the records: the same seed gives the same sides, and a
 * record's side does not depend on what is read besides.
 *
 * <p>Each count is that many votes of unknown people. Where there are none (pairs of Midjourney and
 * of HPD v2, and the test split), the preference is one vote. The counts may speak against the
 * preference, which weighs people by reliability: it is kept as the fact {@value #PREFERRED},
 * {@code first} or {@code second}.
 *
 * <p>Names, the order of the sides and the meaning of the counts were read in the public program of
 * HPSv3 (its README), and the reading of lists and lines in that of LightRFT. The files themselves
 * were not seen.
 */
public final class HpdV3 implements VoteShape {
  /** The fact that says which image the data set itself prefers. */
  public static final String PREFERRED = "preferred";

  private static final int MOST_VOTES = 10_000;

  private final ImagePlaces images;
  private final String split;
  private final Seed sides;

  private HpdV3(ImagePlaces images, String split, Seed sides) {
    this.images = images;
    this.split = Objects.requireNonNull(split, "split == null: use \"\" for unknown");
    this.sides = sides;
  }

  /**
   * A split.
   *
   * @param images the folder that its paths are relative to
   * @param split such as {@code test}
   * @param seed decides which image stands first
   * @return the shape
   */
  public static HpdV3 in(Path images, String split, Seed seed) {
    return new HpdV3(ImagePlaces.in(images), split, seed.split("sides"));
  }

  @Override
  public String name() {
    return "HPDv3";
  }

  @Override
  public Set<String> required() {
    return Set.of("prompt", "path1", "path2");
  }

  @Override
  public Set<String> optional() {
    return Set.of("model1", "model2", "choice_dist", "confidence", "source", "category");
  }

  @Override
  public VotedRow row(List<Fields> records, long number) {
    Fields record = records.get(0);
    boolean exchanged = (sides.split(number).key() & 1) != 0;
    List<RowImage> found = new ArrayList<>();
    List<Map<String, String>> models = new ArrayList<>();
    for (String side : List.of("1", "2")) {
      found.add(images.of(record.value("path" + side), record.where() + ", path" + side));
      String model = record.label("model" + side);
      models.add(model.isEmpty() ? Map.of() : Map.of(VotedRow.MODEL, model));
    }
    List<RowVote> votes = votes(record, exchanged);
    if (exchanged) {
      Collections.reverse(found);
      Collections.reverse(models);
    }
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put(PREFERRED, exchanged ? "second" : "first");
    for (String name : List.of("confidence", "category")) {
      if (record.has(name)) {
        facts.put(name, record.label(name));
      }
    }
    String source = record.label("source");
    return new VotedRow(
        "",
        record.text("prompt"),
        found,
        votes,
        source.isEmpty() ? name() : source,
        split,
        facts,
        models);
  }

  private static List<RowVote> votes(Fields record, boolean exchanged) {
    Outcome first = exchanged ? Outcome.SECOND : Outcome.FIRST;
    boolean counted = record.has("choice_dist") && !record.list("choice_dist").isEmpty();
    if (!counted) {
      return List.of(RowVote.pick("", first));
    }
    List<OptionalDouble> counts = record.numbers("choice_dist");
    List<RowVote> votes = new ArrayList<>();
    for (int side = 0; side < counts.size(); side++) {
      double count = counts.get(side).orElse(-1);
      if (counts.size() != 2 || count != Math.rint(count) || count < 0 || count > MOST_VOTES) {
        throw record.unexpected("choice_dist", "two whole numbers of votes");
      }
      votes.addAll(
          Collections.nCopies((int) count, RowVote.pick("", side == 0 ? first : first.swapped())));
    }
    return votes.isEmpty() ? List.of(RowVote.pick("", first)) : votes;
  }
}
