package org.tastemaker.feedback.study;

import java.time.Duration;
import java.util.AbstractCollection;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.agreement.Choice;
import org.tastemaker.feedback.agreement.JudgeComparison;
import org.tastemaker.feedback.agreement.PromptBootstrap;
import org.tastemaker.feedback.ledger.PriceTable;

/**
 * Does a judge stand in for people? Its verdicts against their votes.
 *
 * <pre>
 *   AnnotationJob.builder(dataset, oracle, rubric).build().run(AgreementStudy.groups(votes));
 *   StudyReport report =
 *       AgreementStudy.builder().stratum(Stratum.byFact("source")).build()
 *           .of(votes, DatasetVerdicts.of("gpt-4.1-mini", dataset));
 *   System.out.print(report.table());
 * </pre>
 *
 * <p>The job asks, and may be killed and run again; the study only reads. It goes through the votes
 * once, group by group, and keeps sums: images may be loaded as they are drawn.
 *
 * <p>What people chose about a pair is the {@link Truth} of their votes; a group of more images is
 * compared by all of its pairs. What the judge says about a pair is its order of the group in the
 * end; what it answered to single questions is counted apart, where it is known. A pair without
 * votes or without a verdict takes no part, and is counted by its reason: see {@link
 * StudyReport#absences}.
 */
public final class AgreementStudy {
  private final StudySettings settings;

  private AgreementStudy(StudySettings settings) {
    this.settings = settings;
  }

  /**
   * A study to be set up.
   *
   * @return a builder: the majority, no strata, no prices, 2,000 resamples, 95 %
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Compares a judge with people.
   *
   * @param groups people's votes; gone through once
   * @param verdicts the judge's
   * @return the report
   * @throws IllegalArgumentException if there is no group, or the verdicts are about none of them
   */
  public StudyReport of(Iterable<VotedGroup> groups, Verdicts verdicts) {
    StudyReader reader = new StudyReader(settings, verdicts);
    groups.forEach(reader::read);
    return reader.report();
  }

  /**
   * Compares two judges on the same pairs.
   *
   * @param groups people's votes; gone through once
   * @param one a judge's verdicts
   * @param other another's
   * @return both reports, and what differs
   * @throws IllegalArgumentException if there is no group, or one of them is about none
   */
  public StudyComparison compare(Iterable<VotedGroup> groups, Verdicts one, Verdicts other) {
    StudyReader first = new StudyReader(settings, one);
    StudyReader second = new StudyReader(settings, other);
    List<JudgeComparison.Both> decided = new ArrayList<>();
    List<JudgeComparison.Both> threeWay = new ArrayList<>();
    long leftOut = 0;
    for (VotedGroup group : groups) {
      List<StudyReader.Compared> ofFirst = first.read(group);
      List<StudyReader.Compared> ofSecond = second.read(group);
      for (int i = 0; i < ofFirst.size(); i++) {
        Optional<Choice> a = ofFirst.get(i).verdict();
        Optional<Choice> b = ofSecond.get(i).verdict();
        if (a.isEmpty() || b.isEmpty()) {
          leftOut++;
          continue;
        }
        Choice people = ofFirst.get(i).people();
        JudgeComparison.Both both =
            new JudgeComparison.Both(ofFirst.get(i).prompt(), a.get() == people, b.get() == people);
        threeWay.add(both);
        if (people != Choice.TIE && a.get() != Choice.TIE && b.get() != Choice.TIE) {
          decided.add(both);
        }
      }
    }
    return new StudyComparison(
        first.report(),
        second.report(),
        compared(decided),
        compared(threeWay),
        threeWay.size(),
        leftOut);
  }

  private Optional<JudgeComparison> compared(List<JudgeComparison.Both> pairs) {
    return pairs.isEmpty()
        ? Optional.empty()
        : Optional.of(
            JudgeComparison.of(pairs, settings.bootstrap(), settings.seed().split("compare")));
  }

  /**
   * The groups that an annotation job is to ask about.
   *
   * @param groups people's votes
   * @return their images, one group after another as they are drawn
   */
  public static Iterable<ImageGroup> groups(Iterable<VotedGroup> groups) {
    if (groups instanceof Collection<VotedGroup> known) {
      return new AbstractCollection<>() { // its size is known: for the progress of a job
        @Override
        public Iterator<ImageGroup> iterator() {
          return images(known.iterator());
        }

        @Override
        public int size() {
          return known.size();
        }
      };
    }
    return () -> images(groups.iterator());
  }

  private static Iterator<ImageGroup> images(Iterator<VotedGroup> groups) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return groups.hasNext();
      }

      @Override
      public ImageGroup next() {
        return groups.next().images();
      }
    };
  }

  /** Sets up an {@link AgreementStudy}. */
  public static final class Builder {
    private final List<Stratum> strata = new ArrayList<>();
    private Truth truth = Truth.majority();
    private PriceTable prices = PriceTable.none();
    private PromptBootstrap bootstrap = PromptBootstrap.usual();
    private Seed seed = Seed.of(0);
    private Duration pause = Duration.ofMinutes(5);

    private Builder() {}

    /**
     * Sets how votes become what people chose.
     *
     * @param truth by default {@link Truth#majority}
     * @return this builder
     */
    public Builder truth(Truth truth) {
      this.truth = Objects.requireNonNull(truth, "truth == null");
      return this;
    }

    /**
     * Adds something that pairs are told apart by; the report has a section for each of its values.
     *
     * @param stratum a named function of a pair
     * @return this builder
     */
    public Builder stratum(Stratum stratum) {
      if (strata.stream().anyMatch(other -> other.name().equals(stratum.name()))) {
        throw new IllegalArgumentException("there are two strata of the name " + stratum.name());
      }
      strata.add(stratum);
      return this;
    }

    /**
     * Sets what the judge's model costs.
     *
     * @param prices by default none: then the cost is unknown
     * @return this builder
     */
    public Builder prices(PriceTable prices) {
      this.prices = Objects.requireNonNull(prices, "prices == null");
      return this;
    }

    /**
     * Sets how intervals are made.
     *
     * @param bootstrap by default {@link PromptBootstrap#usual}
     * @return this builder
     */
    public Builder bootstrap(PromptBootstrap bootstrap) {
      this.bootstrap = Objects.requireNonNull(bootstrap, "bootstrap == null");
      return this;
    }

    /**
     * Sets the seed of resamples, and of the halves for a tie margin.
     *
     * @param seed by default 0
     * @return this builder
     */
    public Builder seed(Seed seed) {
      this.seed = Objects.requireNonNull(seed, "seed == null");
      return this;
    }

    /**
     * Sets which time between two judgements is a stop of the job, and no part of the seconds that
     * a judgement takes.
     *
     * @param pause by default longer than five minutes
     * @return this builder
     */
    public Builder pause(Duration pause) {
      if (pause.isNegative()) {
        throw new IllegalArgumentException("pause must be at least 0, but was " + pause);
      }
      this.pause = pause;
      return this;
    }

    /**
     * Makes the study.
     *
     * @return a study that can be used many times
     */
    public AgreementStudy build() {
      return new AgreementStudy(
          new StudySettings(truth, List.copyOf(strata), prices, bootstrap, seed, pause));
    }
  }
}
