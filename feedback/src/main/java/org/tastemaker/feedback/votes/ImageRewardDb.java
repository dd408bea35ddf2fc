package org.tastemaker.feedback.votes;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;

/**
 * ImageRewardDB, as its archives ({@code train_1.json} and so on), its metadata in Parquet and its
 * Parquet with images have it: a record for each image, and those of a prompt stand together.
 *
 * <pre>
 *   {"image_path": "images/train/train_1/a.webp", "prompt_id": "...", "prompt": "...",
 *    "classification": "People", "image_amount_in_total": 9, "rank": 5,
 *    "overall_rating": 4, "image_text_alignment_rating": 3, "fidelity_rating": 4}
 * </pre>
 *
 * <p>{@code rank} is the image's place; 1 is the best, and places may be shared. It is one vote of
 * an unknown expert; each rating, from 1 to 7, is another, with the dimension {@value #RATING},
 * {@value #ALIGNMENT} or {@value #FIDELITY}. The records of a prompt that do not stand together are
 * left out, and counted: sort the file by {@code prompt_id} then.
 *
 * <p>Also read are a record for each prompt, with lists in place of numbers, and the {@code
 * test.json} of ImageReward's program, with {@code id}, {@code generations} and {@code ranking}.
 *
 * <p>Names, kinds and the meaning of ranks were read in the data set's public loader, and {@code
 * test.json} as it is stored with the public program. The meaning of the ratings is from the data
 * set's page. The other files themselves were not seen.
 */
public final class ImageRewardDb implements VoteShape {
  /** The dimension of the overall rating, which is given beside the rank. */
  public static final String RATING = "overall rating";

  /** The dimension of how far an image shows its prompt. */
  public static final String ALIGNMENT = "image-text alignment";

  /** The dimension of how real an image looks. */
  public static final String FIDELITY = "fidelity";

  private static final Map<String, String> RATINGS =
      new TreeMap<>(
          Map.of(
              "overall_rating", RATING,
              "image_text_alignment_rating", ALIGNMENT,
              "fidelity_rating", FIDELITY));

  private static final List<String> IMAGES = List.of("image", "image_path", "generations");
  private static final List<String> RANKS = List.of("rank", "ranking");
  private static final String TOTAL = "image_amount_in_total";

  private final ImagePlaces images;
  private final String split;

  private ImageRewardDb(ImagePlaces images, String split) {
    this.images = images;
    this.split = Objects.requireNonNull(split, "split == null: use \"\" for unknown");
  }

  /**
   * A split whose images are files.
   *
   * @param images the folder that its paths are relative to
   * @param split such as {@code train}
   * @return the shape
   */
  public static ImageRewardDb in(Path images, String split) {
    return new ImageRewardDb(ImagePlaces.in(images), split);
  }

  /**
   * A split whose images stand in its files.
   *
   * @param split such as {@code train}
   * @return the shape
   */
  public static ImageRewardDb inFile(String split) {
    return new ImageRewardDb(ImagePlaces.inFile(), split);
  }

  @Override
  public String name() {
    return "ImageRewardDB";
  }

  @Override
  public Set<String> required() {
    return Set.of("prompt");
  }

  @Override
  public Set<String> optional() {
    return Set.of(
        "image",
        "image_path",
        "generations",
        "rank",
        "ranking",
        "overall_rating",
        "image_text_alignment_rating",
        "fidelity_rating",
        "prompt_id",
        "id",
        "classification",
        TOTAL);
  }

  @Override
  public Optional<String> group(Fields record) {
    boolean wholeGroup = record.value(named(record, RANKS)) instanceof List<?>;
    return wholeGroup ? Optional.empty() : Optional.of(record.text("prompt_id"));
  }

  @Override
  public VotedRow row(List<Fields> records, long number) {
    Fields first = records.get(0);
    boolean wholeGroup = first.value(named(first, RANKS)) instanceof List<?>;
    requireTogether(first, records.size(), wholeGroup);
    List<RowImage> found = new ArrayList<>();
    for (Object image : column(records, named(first, IMAGES), wholeGroup)) {
      found.add(images.of(image, first.where() + ", image " + found.size()));
    }
    List<RowVote> votes = new ArrayList<>();
    List<OptionalDouble> ranks = numbers(records, named(first, RANKS), wholeGroup);
    votes.add(new RowVote("", RowVote.OVERALL, Ranks.order(ranks, found.size(), first)));
    RATINGS.forEach(
        (field, dimension) -> {
          if (first.has(field)) {
            votes.add(
                new RowVote("", dimension, new Answer.Scores(numbers(records, field, wholeGroup))));
          }
        });
    Map<String, String> facts = new LinkedHashMap<>();
    if (first.has("classification")) {
      facts.put("category", first.label("classification"));
    }
    String id = first.label(first.has("prompt_id") ? "prompt_id" : "id");
    return new VotedRow(id, first.text("prompt"), found, votes, name(), split, facts, List.of());
  }

  private static void requireTogether(Fields first, int size, boolean wholeGroup) {
    OptionalDouble total = first.number(TOTAL);
    if (!wholeGroup && total.isPresent() && total.getAsDouble() != size) {
      throw new UnusableRow(
          "the images of its prompt do not stand together: sort the file by 'prompt_id'",
          first.where() + ", " + size + " of " + (long) total.getAsDouble());
    }
  }

  private static String named(Fields record, List<String> names) {
    return names.stream()
        .filter(record::has)
        .findFirst()
        .orElseThrow(() -> record.unexpected(names.get(0), "or another of " + names));
  }

  private static List<?> column(List<Fields> records, String field, boolean wholeGroup) {
    return wholeGroup
        ? records.get(0).list(field)
        : records.stream().map(r -> Optional.ofNullable(r.value(field)).orElse(Map.of())).toList();
  }

  private static List<OptionalDouble> numbers(
      List<Fields> records, String field, boolean wholeGroup) {
    return wholeGroup
        ? records.get(0).numbers(field)
        : records.stream().map(r -> r.number(field)).toList();
  }
}
