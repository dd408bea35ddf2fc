package org.tastemaker.feedback.protocol;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.tastemaker.core.Image;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.core.Rubric;
import org.tastemaker.core.Seed;
import org.tastemaker.core.aggregate.ActivePairs;
import org.tastemaker.core.aggregate.Ballots;
import org.tastemaker.core.aggregate.BradleyTerry;
import org.tastemaker.core.aggregate.Wins;
import org.tastemaker.core.aggregate.Worths;
import org.tastemaker.feedback.Question;

/** Plans the questions about one group, in rounds. */
sealed interface Planner {
  /**
   * The next questions.
   *
   * @param subject what to ask about
   * @param round from 0
   * @param asked how many questions were asked in earlier rounds
   * @param known the answers so far, as ballots over the subject's items; computed when asked for
   * @return empty if there is nothing more to ask
   */
  List<Question> next(Subject subject, int round, int asked, Supplier<Ballots> known);

  /**
   * What to ask about.
   *
   * @param group the images
   * @param items indices of those with distinct content
   * @param rubric what to look at
   * @param seed of all random draws for this group
   */
  record Subject(ImageGroup group, List<Integer> items, Rubric rubric, Seed seed) {
    private List<Image> images(List<Integer> shown) {
      return shown.stream().map(i -> group.images().get(i)).toList();
    }

    private Question pair(int first, int second) {
      List<Image> both = images(List.of(first, second));
      return Question.pair(group.prompt(), both.get(0), both.get(1), rubric)
          .withShown(List.of(first, second));
    }
  }

  /**
   * All images, or the k best of them, in random orders, without repetition while there are new
   * ones.
   */
  record Listwise(int k, int repetitions) implements Planner {
    @Override
    public List<Question> next(Subject subject, int round, int asked, Supplier<Ballots> known) {
      int n = subject.items().size();
      if (round > 0) {
        return List.of();
      }
      RandomGenerator random = subject.seed().split("order").generator();
      Set<List<Integer>> used = new HashSet<>();
      long orders = 1; // n!, as far as it matters
      for (int i = 2; i <= n && orders < repetitions; i++) {
        orders *= i;
      }
      List<Question> questions = new ArrayList<>(repetitions);
      int sample = 0;
      while (questions.size() < repetitions) {
        if (used.size() == orders) {
          used.clear(); // every order was shown: start again with independent draws
          sample++;
        }
        List<Integer> shown = shuffled(subject.items(), random);
        if (used.add(shown)) {
          List<Image> images = subject.images(shown);
          Question question =
              k == 0 || k >= n
                  ? Question.rank(subject.group().prompt(), images, subject.rubric())
                  : Question.best(k, subject.group().prompt(), images, subject.rubric());
          questions.add(question.withShown(shown).withSample(sample));
        }
      }
      return questions;
    }

    private static List<Integer> shuffled(List<Integer> items, RandomGenerator random) {
      List<Integer> out = new ArrayList<>(items);
      for (int i = out.size() - 1; i > 0; i--) {
        Collections.swap(out, i, random.nextInt(i + 1));
      }
      return List.copyOf(out);
    }
  }

  /** Every pair, in both orders or in a random one. */
  record Pairs(int votes, boolean bothOrders) implements Planner {
    @Override
    public List<Question> next(Subject subject, int round, int asked, Supplier<Ballots> known) {
      List<Question> questions = new ArrayList<>();
      if (round > 0) {
        return questions;
      }
      RandomGenerator random = subject.seed().split("direction").generator();
      List<Integer> items = subject.items();
      for (int a = 0; a < items.size(); a++) {
        for (int b = a + 1; b < items.size(); b++) {
          int[] samples = new int[2]; // draws so far in each direction
          for (int vote = 0; vote < votes; vote++) {
            boolean forward = bothOrders || random.nextBoolean();
            if (forward) {
              questions.add(subject.pair(items.get(a), items.get(b)).withSample(samples[0]++));
            }
            if (bothOrders || !forward) {
              questions.add(subject.pair(items.get(b), items.get(a)).withSample(samples[1]++));
            }
          }
        }
      }
      return questions;
    }
  }

  /** The pairs of the largest information gain; per round, half as many as there are images. */
  record Active(int budget) implements Planner {
    private static final BradleyTerry.Options PRIOR = new BradleyTerry.Options(0.5);

    @Override
    public List<Question> next(Subject subject, int round, int asked, Supplier<Ballots> known) {
      List<Integer> items = subject.items();
      int count = Math.min(Math.max(1, items.size() / 2), budget - asked);
      if (count <= 0) {
        return List.of();
      }
      // Equal gains would send every group to the pairs of the lowest indices: shuffle the indices.
      List<Integer> order = Listwise.shuffled(items, subject.seed().split("names").generator());
      int n = order.size();
      Wins soFar = known.get().wins();
      double[][] wins = new double[n][n];
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          wins[i][j] = soFar.get(order.get(i), order.get(j));
        }
      }
      Worths worths = BradleyTerry.fit(Wins.of(wins), PRIOR);
      RandomGenerator random = subject.seed().split("direction").split(round).generator();
      Map<List<Integer>, Integer> samples = new HashMap<>();
      List<Question> questions = new ArrayList<>();
      for (ActivePairs.Pair pair : ActivePairs.next(worths, count)) {
        boolean forward = random.nextBoolean();
        int first = order.get(forward ? pair.first() : pair.second());
        int second = order.get(forward ? pair.second() : pair.first());
        // a pair may come back in a later round: samples of different rounds are different draws
        int sample = samples.merge(List.of(first, second), 1, Integer::sum) - 1;
        questions.add(subject.pair(first, second).withSample(round * budget + sample));
      }
      return questions;
    }
  }

  /** One image a question. */
  record Pointwise(Question.Scale scale, int repetitions) implements Planner {
    @Override
    public List<Question> next(Subject subject, int round, int asked, Supplier<Ballots> known) {
      List<Question> questions = new ArrayList<>();
      if (round > 0) {
        return questions;
      }
      for (int item : subject.items()) {
        for (int sample = 0; sample < repetitions; sample++) {
          questions.add(
              Question.score(
                      scale,
                      subject.group().prompt(),
                      subject.images(List.of(item)),
                      subject.rubric())
                  .withShown(List.of(item))
                  .withSample(sample));
        }
      }
      return questions;
    }
  }
}
