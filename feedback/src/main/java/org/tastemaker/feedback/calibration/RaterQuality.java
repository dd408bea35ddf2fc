package org.tastemaker.feedback.calibration;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.tastemaker.core.Preference;
import org.tastemaker.core.aggregate.CrowdBradleyTerry;
import org.tastemaker.core.aggregate.RaterVote;
import org.tastemaker.core.aggregate.RecordedPreferences;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.annotate.AnnotatedGroup;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.study.Vote;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.study.VotedPair;

/**
 * Scores of images out of all that several people and judges said, and how good each of them is: by
 * {@link CrowdBradleyTerry}. Nobody is taken for the truth; who contradicts the others has a low
 * quality.
 *
 * @param raters by name; people without a pseudonym are one rater, {@link #PEOPLE}
 * @param scores of the images of each group, by the group's identity; they sum to 0 where all were
 *     compared
 * @param errors their standard errors
 * @param converged whether the fit came to its end
 */
public record RaterQuality(
    Map<String, CrowdBradleyTerry.Quality> raters,
    Map<String, List<Double>> scores,
    Map<String, List<Double>> errors,
    boolean converged) {
  /** The name of all people without one. */
  public static final String PEOPLE = "people";

  public RaterQuality {
    raters = Collections.unmodifiableMap(new TreeMap<>(raters));
    scores = Map.copyOf(scores);
    errors = Map.copyOf(errors);
  }

  /**
   * Fits all together.
   *
   * @param votes people's, about which image is better overall; may be empty
   * @param judges datasets by the judge's name; calibrated or not, their soft labels count
   * @param options priors and tolerance
   * @return qualities and scores
   * @throws IllegalArgumentException if nobody says anything, or a judge bears a person's name
   * @throws java.io.UncheckedIOException if a dataset cannot be read
   */
  public static RaterQuality fit(
      Iterable<VotedGroup> votes, Map<String, Path> judges, CrowdBradleyTerry.Options options) {
    Items items = new Items();
    // 1. People.
    for (VotedGroup group : votes) {
      String id = group.facts().getOrDefault(VotedGroup.GROUP, group.id()); // as judges know it
      int at = items.place(id, group.images().size());
      for (VotedPair pair : group.pairs()) {
        if (pair.criterion().equals(VotedPair.OVERALL)) {
          for (Vote vote : pair.votes()) {
            String who = vote.annotator().isEmpty() ? PEOPLE : vote.annotator();
            if (judges.containsKey(who)) {
              throw new IllegalArgumentException(
                  "a judge and a person have the same name, '" + who + "': rename one of them");
            }
            double p = vote.choice() == Choice.FIRST ? 1 : vote.choice() == Choice.TIE ? 0.5 : 0;
            items.votes.add(new RaterVote(who, at + pair.first(), at + pair.second(), p));
          }
        }
      }
    }
    // 2. Judges.
    for (Map.Entry<String, Path> judge : new TreeMap<>(judges).entrySet()) {
      for (AnnotatedGroup group : PreferenceDataset.readAll(judge.getValue())) {
        int at = items.place(group.id(), group.images().size());
        for (Preference p : RecordedPreferences.of(group.judgement())) {
          items.votes.add(
              new RaterVote(judge.getKey(), at + p.first(), at + p.second(), p.probability()));
        }
      }
    }
    // 3. Together.
    CrowdBradleyTerry.Fit fit =
        CrowdBradleyTerry.fit(Math.max(1, items.size), items.votes, options);
    Map<String, List<Double>> scores = new TreeMap<>();
    Map<String, List<Double>> errors = new TreeMap<>();
    items.places.forEach(
        (group, from) -> {
          int to = from + items.sizes.getOrDefault(group, 0);
          scores.put(group, List.copyOf(fit.logWorths().subList(from, to)));
          errors.put(group, List.copyOf(fit.errors().subList(from, to)));
        });
    return new RaterQuality(fit.raters(), scores, errors, fit.converged());
  }

  private static final class Items {
    private final Map<String, Integer> places = new TreeMap<>();
    private final Map<String, Integer> sizes = new TreeMap<>();
    private final List<RaterVote> votes = new ArrayList<>();
    private int size;

    /** The index of a group's first image. */
    int place(String group, int images) {
      Integer there = places.putIfAbsent(group, size);
      if (there != null) {
        return there;
      }
      sizes.put(group, images);
      int first = size;
      size += images;
      return first;
    }
  }
}
