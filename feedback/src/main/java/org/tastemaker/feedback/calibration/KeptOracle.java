package org.tastemaker.feedback.calibration;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Preference;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Usage;
import org.tastemaker.core.aggregate.Ballots;
import org.tastemaker.core.aggregate.RecordedPreferences;
import org.tastemaker.core.run.Settings;
import org.tastemaker.feedback.DescribedOracle;
import org.tastemaker.feedback.annotate.DatasetHeader;
import org.tastemaker.feedback.annotate.PreferenceDataset;
import org.tastemaker.feedback.protocol.GroupId;
import org.tastemaker.feedback.study.VotedGroup;
import org.tastemaker.feedback.study.VotedPair;

/**
 * Judgements that are there already: of a judge, as a job has written them, or of people. Nobody is
 * asked, and nothing is paid again. A group that is not among them has a missing judgement.
 */
public final class KeptOracle implements DescribedOracle {
  private final String name;
  private final Map<String, Judgement> byGroup;
  private final Settings settings;
  private final Optional<DatasetHeader> header;

  private KeptOracle(
      String name,
      Map<String, Judgement> byGroup,
      Settings settings,
      Optional<DatasetHeader> header) {
    this.name = name;
    this.byGroup = Map.copyOf(byGroup);
    this.settings = settings;
    this.header = header;
  }

  /**
   * A judge's.
   *
   * @param name for messages
   * @param dataset what a job has written
   * @return an oracle with the settings of the dataset, which answers by its rubric alone
   * @throws java.io.UncheckedIOException if the file cannot be read
   */
  public static KeptOracle ofDataset(String name, Path dataset) {
    Map<String, Judgement> byGroup = new HashMap<>();
    DatasetHeader header =
        PreferenceDataset.read(
                dataset, group -> byGroup.put(group.id(), group.judgement().withUsage(Usage.NONE)))
            .header();
    return new KeptOracle(name, byGroup, header.settings(), Optional.of(header));
  }

  /**
   * People's votes about which image is better overall: the share of votes of each pair is a soft
   * label, and the order that of the labels. A group is found by its {@link VotedGroup#id}, and by
   * its fact {@link VotedGroup#GROUP} if it has one.
   *
   * @param name for messages, and as the judge of the judgements
   * @param votes people's; gone through once
   * @return an oracle that answers by any rubric: people were asked what they were asked
   */
  public static KeptOracle ofVotes(String name, Iterable<VotedGroup> votes) {
    Map<String, Judgement> byGroup = new HashMap<>();
    for (VotedGroup group : votes) {
      List<Preference> pairs = new ArrayList<>();
      for (VotedPair pair : group.pairs()) {
        if (pair.criterion().equals(VotedPair.OVERALL) && !pair.votes().isEmpty()) {
          pairs.add(new Preference(pair.first(), pair.second(), pair.shareOfFirst()));
        }
      }
      int n = group.images().size();
      Ranking order = PairOrder.of(Ballots.ofPreferences(n, pairs).wins(), Map.of(), 0);
      if (!order.isEmpty()) {
        Judgement judgement =
            Judgement.of(order, name)
                .withProvenance(Map.of(RecordedPreferences.NAME, RecordedPreferences.write(pairs)));
        byGroup.put(group.id(), judgement);
        String before = group.facts().get(VotedGroup.GROUP); // its images were rounded to 8 bits
        if (before != null) {
          byGroup.put(before, judgement);
        }
      }
    }
    Settings settings = Settings.none().with("judge", name).with("protocol", "votes");
    return new KeptOracle(name, byGroup, settings, Optional.empty());
  }

  /**
   * Looks the groups up.
   *
   * @param groups the same images in the same order as they were judged
   * @param rubric that of the dataset, if there is one
   * @return one judgement for each group
   * @throws IllegalArgumentException if the dataset was asked for by another rubric
   */
  @Override
  public List<Judgement> rank(List<ImageGroup> groups, Rubric rubric) {
    DatasetHeader now = DatasetHeader.forRubric(rubric);
    header.ifPresent(
        then -> {
          if (!then.rubric().equals(now.rubric()) || !then.rubricText().equals(now.rubricText())) {
            throw new IllegalArgumentException(
                "the judgements of "
                    + name
                    + " were asked for by rubric "
                    + then.rubric()
                    + ", and this is another one ("
                    + now.rubric()
                    + "): ask by the same, or leave them out");
          }
        });
    return groups.stream()
        .map(
            group -> {
              Judgement kept = byGroup.get(GroupId.of(group));
              return kept != null
                  ? kept
                  : Judgement.missing(
                      group.size(), name + " was not asked about this group", name, Usage.NONE);
            })
        .toList();
  }

  @Override
  public Settings settings() {
    return settings;
  }
}
