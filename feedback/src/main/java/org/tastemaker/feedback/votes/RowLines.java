package org.tastemaker.feedback.votes;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Ranking;

/** The shape that {@link RowLinesWriter} writes: rows with all that they hold. */
public final class RowLines implements VoteShape {
  private final ImagePlaces images;

  private RowLines(ImagePlaces images) {
    this.images = images;
  }

  /**
   * Rows whose images are in a folder.
   *
   * @param images the folder that paths are relative to: the one with the file
   * @return the shape
   */
  public static RowLines in(Path images) {
    return new RowLines(ImagePlaces.in(images));
  }

  @Override
  public String name() {
    return "Tastemaker's rows";
  }

  @Override
  public Set<String> required() {
    return Set.of("prompt", "images", "votes", "source");
  }

  @Override
  public Set<String> optional() {
    return Set.of("id", "split", "facts", "imageFacts");
  }

  @Override
  public VotedRow row(List<Fields> records, long number) {
    Fields record = records.get(0);
    List<RowImage> found = new ArrayList<>();
    for (Object image : record.list("images")) {
      found.add(image(image, record));
    }
    List<RowVote> votes = new ArrayList<>();
    for (Fields vote : record.records("votes")) {
      votes.add(
          new RowVote(vote.text("annotator"), vote.text("dimension"), answer(vote, found.size())));
    }
    List<Map<String, String>> imageFacts = new ArrayList<>();
    if (record.has("imageFacts")) {
      record.records("imageFacts").forEach(facts -> imageFacts.add(texts(facts)));
    }
    return new VotedRow(
        record.label("id"),
        record.text("prompt"),
        found,
        votes,
        record.text("source"),
        record.label("split"),
        record.has("facts") ? texts(record.fields("facts")) : Map.of(),
        imageFacts);
  }

  private RowImage image(@Nullable Object image, Fields record) {
    if (image instanceof Map<?, ?> map
        && map.get("name") instanceof String name
        && map.get("fault") instanceof String fault) {
      return new RowImage.Unusable(
          name, RowImage.Fault.valueOf(fault), String.valueOf(map.get("detail")));
    }
    return images.of(image, record.where());
  }

  private static Answer answer(Fields vote, int size) {
    if (vote.has("outcome")) {
      return new Answer.Pick(
          (int) vote.number("first").orElse(-1),
          (int) vote.number("second").orElse(-1),
          Answer.Outcome.valueOf(vote.text("outcome")));
    }
    if (vote.has("scores")) {
      return new Answer.Scores(vote.numbers("scores"));
    }
    List<List<Integer>> tiers = new ArrayList<>();
    for (Object tier : vote.list("order")) {
      List<Integer> items = new ArrayList<>();
      for (Object item : tier instanceof List<?> list ? list : List.of("no list")) {
        if (!(item instanceof Integer index)) {
          throw vote.unexpected("order", "lists of indices");
        }
        items.add(index);
      }
      tiers.add(items);
    }
    return new Answer.Order(Ranking.ofTiers(size, tiers));
  }

  private static Map<String, String> texts(Fields fields) {
    Map<String, String> texts = new LinkedHashMap<>();
    fields.names().forEach(name -> texts.put(name, fields.text(name)));
    return texts;
  }
}
