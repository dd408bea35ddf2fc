package org.tastemaker.human.improve;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.tastemaker.core.Ranking;
import org.tastemaker.core.Seed;
import org.tastemaker.optim.zo.ZoRankSgd;

/**
 * Where the clicks have led: the points to which the search has moved, and its open question. It is
 * a function of the start, the options, the seed and the clicks, and makes no images.
 *
 * <p>Answers and ways back are stacked. Undo takes the last one off, whatever it was, and the same
 * question is open again. A way back keeps the moves before it, and begins a new branch there: its
 * seed is that of the stack's height, so it does not ask what was asked there before.
 */
final class Walk {
  private final ZoRankSgd.Options options;
  private final Seed seed;
  private final Deque<Standing> stack = new ArrayDeque<>();
  private Leg leg;

  /**
   * What stands after a click.
   *
   * @param moves the start, and the point of each move since
   * @param legSeed of the search from the last of them
   * @param answers that search's
   * @param rounds that ended before it
   */
  private record Standing(List<Point> moves, Seed legSeed, List<Ranking> answers, long rounds) {
    Point point() {
      return moves.get(moves.size() - 1);
    }
  }

  Walk(float[] start, ZoRankSgd.Options options, Seed seed) {
    this.options = Objects.requireNonNull(options, "options == null");
    this.seed = Objects.requireNonNull(seed, "seed == null");
    Standing first = new Standing(List.of(Point.of(start)), legSeed(0), List.of(), 0);
    stack.push(first);
    this.leg = legOf(first);
  }

  Question question() {
    return leg.question();
  }

  /** The candidates of the open question in the order in which they are shown. */
  List<Integer> order() {
    return question().order(seed.split("order").split(stack.size() - 1));
  }

  /** The start and the point of each move. */
  List<Point> moves() {
    return top().moves;
  }

  /** The best so far. */
  Point point() {
    return top().point();
  }

  /** How many rounds have ended. */
  long rounds() {
    return top().rounds + leg.rounds();
  }

  boolean canUndo() {
    return stack.size() > 1;
  }

  /** Does what was clicked. */
  void apply(Click click) {
    switch (click.what()) {
      case ANSWER -> answer(click.ranking(question()));
      case BACK -> back(click.keep());
      case UNDO -> undo();
      case LATE -> {} // of a question that was closed already
    }
  }

  private void answer(Ranking ranking) {
    Standing now = top();
    Optional<float[]> moved = leg.answer(ranking);
    if (moved.isEmpty()) {
      stack.push(new Standing(now.moves, now.legSeed, plus(now.answers, ranking), now.rounds));
      return;
    }
    begin(
        new Standing(
            plus(now.moves, Point.of(moved.get())), legSeed(stack.size()), List.of(), rounds()));
  }

  private void back(int keep) {
    Standing now = top();
    if (keep < 0 || keep >= now.moves.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "there are the moves 0, the start, to %s to go back to, but not %s",
              now.moves.size() - 1,
              keep));
    }
    List<Point> kept = List.copyOf(now.moves.subList(0, keep + 1));
    begin(new Standing(kept, legSeed(stack.size()), List.of(), rounds()));
  }

  private void undo() {
    if (!canUndo()) {
      throw new IllegalStateException("nothing was clicked that could be undone");
    }
    stack.pop();
    leg = legOf(top());
  }

  private void begin(Standing next) {
    stack.push(next);
    leg = legOf(next);
  }

  private Leg legOf(Standing standing) {
    Leg anew = new Leg(standing.point().values(), options, standing.legSeed);
    for (Ranking answer : standing.answers) {
      Optional<float[]> unused = anew.answer(answer); // none of them has moved it
    }
    return anew;
  }

  private Standing top() {
    return Objects.requireNonNull(stack.peek());
  }

  private Seed legSeed(int height) {
    return seed.split("leg").split(height);
  }

  private static <T> List<T> plus(List<T> list, T last) {
    List<T> more = new ArrayList<>(list);
    more.add(last);
    return List.copyOf(more);
  }
}
