package org.tastemaker.feedback.votes;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import org.tastemaker.feedback.votes.Answer.Outcome;

/**
 * Multimodal RewardBench 2, the part "text to image" ({@code t2i.json}): pairs of images, each with
 * the answers of three experts.
 *
 * <pre>
 *   {"pairs": [{"id": "...", "prompt_source": "wise", "prompt_metadata": {"category": "..."},
 *     "prompt_content": [["text", "..."]],
 *     "response_a": {"model_name": "flux", "response_content": [["image", "images/a.jpg"]]},
 *     "response_b": {...}, "chosen": "B", "human_annotations": [2, 2, 1]}, ...]}
 * </pre>
 *
 * <p>An expert's answer is a number from 1, B is much better, to 6, A is much better: each is a
 * vote, of B up to 3 and of A from 4. Where there are none, {@code chosen} is the one vote.
 *
 * <p>Left out, and counted, are pairs whose prompt has an image, or whose response is not one image
 * (the parts about editing and interleaved text).
 *
 * <p>Names and kinds were read in the public program of MMRB2 and in the files that are stored with
 * it: of all 2,000 pairs of {@code t2i_response_only.json} and {@code edit_response_only.json},
 * {@code chosen} is A where most answers are 4 or more, and B where most are 3 or less. The README
 * calls the fields {@code pair_id} and {@code model}; both are read.
 */
public final class Mmrb2 implements VoteShape {
  private final ImagePlaces images;

  private Mmrb2(ImagePlaces images) {
    this.images = images;
  }

  /**
   * The benchmark.
   *
   * @param folder that its paths are relative to: the one with {@code t2i.json}
   * @return the shape
   */
  public static Mmrb2 in(Path folder) {
    return new Mmrb2(ImagePlaces.in(folder));
  }

  @Override
  public String name() {
    return "MMRB2";
  }

  @Override
  public String list() {
    return "pairs";
  }

  @Override
  public Set<String> required() {
    return Set.of("prompt_content", "response_a", "response_b");
  }

  @Override
  public Set<String> optional() {
    return Set.of(
        "id", "pair_id", "chosen", "human_annotations", "prompt_source", "prompt_metadata");
  }

  @Override
  public String advice() {
    return "The files ending in _response_only.json have no prompts: MMRB2's benchmark/"
        + "run_release.sh makes t2i.json of them";
  }

  @Override
  public VotedRow row(List<Fields> records, long number) {
    Fields record = records.get(0);
    String prompt = prompt(record);
    List<RowImage> found = new ArrayList<>();
    List<Map<String, String>> models = new ArrayList<>();
    for (String side : List.of("response_a", "response_b")) {
      Fields response = record.fields(side);
      found.add(image(response));
      String model = response.label(response.has("model_name") ? "model_name" : "model");
      models.add(model.isEmpty() ? Map.of() : Map.of(VotedRow.MODEL, model));
    }
    Map<String, String> facts = new LinkedHashMap<>();
    if (record.has("prompt_metadata")) {
      String category = record.fields("prompt_metadata").label("category");
      if (!category.isEmpty()) {
        facts.put("category", category);
      }
    }
    if (record.has("prompt_source")) {
      facts.put("prompt source", record.label("prompt_source"));
    }
    return new VotedRow(
        record.label(record.has("id") ? "id" : "pair_id"),
        prompt,
        found,
        votes(record),
        name(),
        "test",
        facts,
        models);
  }

  private static List<RowVote> votes(Fields record) {
    if (record.value("human_annotations") instanceof List<?> answers && !answers.isEmpty()) {
      List<RowVote> votes = new ArrayList<>();
      for (OptionalDouble answer : record.numbers("human_annotations")) {
        double grade = answer.orElse(Double.NaN);
        if (!(grade >= 1 && grade <= 6 && grade == Math.rint(grade))) {
          throw record.unexpected("human_annotations", "whole numbers from 1 to 6");
        }
        votes.add(RowVote.pick("", grade >= 4 ? Outcome.FIRST : Outcome.SECOND));
      }
      return votes;
    }
    return switch (record.label("chosen")) {
      case "A" -> List.of(RowVote.pick("", Outcome.FIRST));
      case "B" -> List.of(RowVote.pick("", Outcome.SECOND));
      default -> throw record.unexpected("chosen", "A or B, where there are no annotations");
    };
  }

  private static String prompt(Fields record) {
    StringJoiner text = new StringJoiner("\n");
    for (Object part : record.list("prompt_content")) {
      if (!"text".equals(kind(part))) {
        throw new UnusableRow("its prompt is not a text alone", record.where());
      }
      text.add(String.valueOf(((List<?>) part).get(1)));
    }
    return text.toString();
  }

  private RowImage image(Fields response) {
    List<@Nullable Object> parts = response.list("response_content");
    if (parts.size() != 1 || !"image".equals(kind(parts.get(0)))) {
      throw new UnusableRow("a response is not one image", response.where());
    }
    return images.of(((List<?>) parts.get(0)).get(1), response.where());
  }

  /** The first of the two texts of a part. */
  private static @Nullable Object kind(@Nullable Object part) {
    return part instanceof List<?> pair && pair.size() == 2 ? pair.get(0) : null;
  }
}
