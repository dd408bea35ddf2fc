package org.tastemaker.optim.rows;

import java.util.AbstractCollection;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.function.Predicate;
import org.tastemaker.core.FeedbackOracle;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Judgement;
import org.tastemaker.core.Rubric;

/**
 * Has an annotation job's groups judged by workers, a window of them before the job asks, so that a
 * job that asks one question at a time keeps a cluster busy.
 *
 * <pre>{@code
 * RowDriver driver = RowDriver.of(carrier).keeping(RowStore.in(answers)).within(budget);
 * JudgedAhead ahead = JudgedAhead.of(driver, factory, rubric);
 * AnnotationJob.builder(dataset, ahead, rubric, factory.settings())
 *     .build()
 *     .run(ahead.groups(groups));
 * }</pre>
 *
 * <p>The job writes its lines in the order of the groups, so its dataset is the one that it writes
 * with the judge itself, whatever the workers do. One window of groups and judgements is in memory.
 *
 * <p>The driver must keep answers: a job that was killed finds there what was judged ahead of its
 * last line, and pays for nothing twice. A kept answer has no usage in the dataset; what it cost
 * stands in {@link RowCosts}.
 *
 * <p>A group that the workers did not get to, as the budget is used up or all of them were lost,
 * and one about which the judge threw an exception, ends the job with one; what was judged before
 * is in the dataset, and what was judged ahead is kept. Such a group is not recorded as missing.
 *
 * <p>Leave the job's concurrency at 1. Thread-safe all the same: a group that is asked about too
 * late is looked up in the kept answers.
 */
public final class JudgedAhead implements FeedbackOracle {
  private static final int WINDOW = 2048;

  private final RowOracle oracle;
  private final Rubric rubric;
  private final int window;
  private final Predicate<ImageGroup> known;
  private final IdentityHashMap<ImageGroup, Judgement> judged = new IdentityHashMap<>();

  private JudgedAhead(RowOracle oracle, Rubric rubric, int window, Predicate<ImageGroup> known) {
    this.oracle = oracle;
    this.rubric = rubric;
    this.window = window;
    this.known = known;
  }

  /**
   * A judge that is asked ahead, 2,048 groups at a time.
   *
   * @param driver has the rows done; must keep answers
   * @param factory the one that the workers have; only its settings are read
   * @param rubric of the job
   * @return the judge
   * @throws IllegalArgumentException if the driver keeps no answers
   */
  public static JudgedAhead of(RowDriver driver, OracleFactory factory, Rubric rubric) {
    if (!driver.keepsAnswers()) {
      throw new IllegalArgumentException(
          "a driver that judges ahead must keep answers, or a killed job pays for them twice: use"
              + " RowDriver.keeping(...)");
    }
    return new JudgedAhead(
        RowOracle.of(driver, factory),
        Objects.requireNonNull(rubric, "rubric == null"),
        WINDOW,
        group -> false);
  }

  /**
   * The same with other windows.
   *
   * @param groups that are judged ahead, at least 1
   * @return a judge
   */
  public JudgedAhead window(int groups) {
    if (groups < 1) {
      throw new IllegalArgumentException("a window has at least 1 group, not " + groups);
    }
    return new JudgedAhead(oracle, rubric, groups, known);
  }

  /**
   * The same for a dataset whose first judgements came from elsewhere, so that their answers are
   * not kept here.
   *
   * @param there whether the job will skip a group, as its judgement is in the dataset
   * @return a judge that does not ask about these, unless the job does
   */
  public JudgedAhead skipping(Predicate<ImageGroup> there) {
    return new JudgedAhead(oracle, rubric, window, Objects.requireNonNull(there, "there == null"));
  }

  /**
   * The groups to give to the job.
   *
   * @param groups any number; read as far as a window goes
   * @return the same groups, each judged when it is drawn; a collection where they are one
   */
  public Iterable<ImageGroup> groups(Iterable<ImageGroup> groups) {
    if (groups instanceof Collection<ImageGroup> counted) {
      return new AbstractCollection<>() { // its size is known: for the progress of a job
        @Override
        public Iterator<ImageGroup> iterator() {
          return new Windows(counted.iterator());
        }

        @Override
        public int size() {
          return counted.size();
        }
      };
    }
    return () -> new Windows(groups.iterator());
  }

  @Override
  public synchronized List<Judgement> rank(List<ImageGroup> groups, Rubric asked) {
    if (!asked.equals(rubric)) {
      throw new IllegalArgumentException(
          "groups are judged ahead by the rubric " + rubric.name() + ", not " + asked.name());
    }
    List<Judgement> judgements = new ArrayList<>();
    for (ImageGroup group : groups) {
      Judgement ready = judged.remove(group);
      judgements.add(asAnswer(ready == null ? oracle.rank(List.of(group), rubric).get(0) : ready));
    }
    return judgements;
  }

  private static Judgement asAnswer(Judgement judgement) {
    String why = judgement.missingReason();
    if (why != null
        && (judgement.judge().equals(RowDriver.NAME)
            || why.startsWith(RowWorker.NOT_ASKED)
            || why.startsWith(RowWorker.FAILED))) {
      throw new IllegalStateException("a group was not judged: " + why + ". Start the job again");
    }
    return judgement;
  }

  private synchronized void judge(List<ImageGroup> some) {
    judged.clear();
    List<ImageGroup> wanted = some.stream().filter(known.negate()).toList();
    List<Judgement> judgements = oracle.rank(wanted, rubric);
    for (int i = 0; i < wanted.size(); i++) {
      judged.put(wanted.get(i), judgements.get(i));
    }
  }

  /** Draws a window, has it judged, and gives its groups one by one. */
  private final class Windows implements Iterator<ImageGroup> {
    private final Iterator<ImageGroup> source;
    private Iterator<ImageGroup> ready = List.<ImageGroup>of().iterator();

    Windows(Iterator<ImageGroup> source) {
      this.source = source;
    }

    @Override
    public boolean hasNext() {
      return ready.hasNext() || source.hasNext();
    }

    @Override
    public ImageGroup next() {
      if (!hasNext()) {
        throw new NoSuchElementException("no more groups");
      }
      if (!ready.hasNext()) {
        List<ImageGroup> some = new ArrayList<>();
        while (some.size() < window && source.hasNext()) {
          some.add(source.next());
        }
        judge(some);
        ready = some.iterator();
      }
      return ready.next();
    }
  }
}
