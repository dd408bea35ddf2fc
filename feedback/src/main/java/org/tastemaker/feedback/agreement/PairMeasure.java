package org.tastemaker.feedback.agreement;

import java.util.List;
import java.util.function.Predicate;

/** What is counted about pairs: each figure is the mean of what each pair adds to it. */
public enum PairMeasure {
  /** People and the judge, by its verdict, chose an image: the same. */
  DECIDED {
    @Override
    public List<Double> values(PairRow row) {
      return row.people() == Choice.TIE || row.verdict().orElse(Choice.TIE) == Choice.TIE
          ? List.of()
          : verdict(row, 0);
    }
  },
  /** All pairs with a verdict: the same, a tie being a choice. */
  THREE_WAY {
    @Override
    public List<Double> values(PairRow row) {
      return verdict(row, 0);
    }
  },
  /** People chose an image: the same; half where the judge saw a tie. */
  TIES_HALF {
    @Override
    public List<Double> values(PairRow row) {
      return row.people() == Choice.TIE ? List.of() : verdict(row, 0.5);
    }
  },
  /** Each answer by itself, as MMRB2 counts: the same as people. */
  EACH_ORDER {
    @Override
    public List<Double> values(PairRow row) {
      return share(row.answers(), choice -> choice == row.people());
    }
  },
  /** Each answer about a pair in which people chose: the same. */
  EACH_ORDER_DECIDED {
    @Override
    public List<Double> values(PairRow row) {
      return row.people() == Choice.TIE ? List.of() : EACH_ORDER.values(row);
    }
  },
  /** Two answers in different orders: the same. */
  SWAP_CONSISTENCY {
    @Override
    public List<Double> values(PairRow row) {
      return row.forward().stream()
          .flatMap(one -> row.backward().stream().map(other -> one == other ? 1.0 : 0.0))
          .toList();
    }
  },
  /** Answers that chose an image: the one shown first. */
  FIRST_SHOWN {
    @Override
    public List<Double> values(PairRow row) {
      return share(
          row.sides().stream().filter(side -> side != Choice.TIE).toList(),
          side -> side == Choice.FIRST);
    }
  },
  /** The judge's answers: ties. */
  TIES {
    @Override
    public List<Double> values(PairRow row) {
      return share(row.answers(), choice -> choice == Choice.TIE);
    }
  },
  /** People's choices: ties. */
  PEOPLES_TIES {
    @Override
    public List<Double> values(PairRow row) {
      return share(List.of(row.people()), choice -> choice == Choice.TIE);
    }
  };

  /**
   * What a pair adds.
   *
   * @param row the pair
   * @return values in [0, 1]; empty where the pair does not count
   */
  public abstract List<Double> values(PairRow row);

  /** 1 for the right verdict, 0 for a wrong one. */
  private static List<Double> verdict(PairRow row, double tie) {
    return row
        .verdict()
        .map(verdict -> verdict == row.people() ? 1.0 : verdict == Choice.TIE ? tie : 0.0)
        .stream()
        .toList();
  }

  private static List<Double> share(List<Choice> choices, Predicate<Choice> counts) {
    return choices.stream().map(choice -> counts.test(choice) ? 1.0 : 0.0).toList();
  }
}
