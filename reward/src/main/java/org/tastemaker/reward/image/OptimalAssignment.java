package org.tastemaker.reward.image;

import java.util.Arrays;

/**
 * The cheapest one-to-one assignment of rows to columns: the Hungarian method with shortest
 * augmenting paths (H. W. Kuhn, 1955; J. Munkres, 1957; R. Jonker and A. Volgenant, 1987), in cubic
 * time.
 *
 * <pre>
 *   min over permutations s of  sum over i of  cost[i][s(i)]
 * </pre>
 */
final class OptimalAssignment {
  private OptimalAssignment() {}

  /**
   * Solves the assignment problem.
   *
   * @param cost [n][n], finite
   * @return the column of each row
   */
  static int[] of(double[][] cost) {
    int n = cost.length;
    double[] rowPrice = new double[n + 1];
    double[] columnPrice = new double[n + 1];
    int[] rowOf = new int[n + 1]; // the row of each column, counted from 1; 0 for none
    int[] cameFrom = new int[n + 1]; // the column before it on the path
    for (int row = 1; row <= n; row++) {
      // 1. The cheapest path, in reduced costs, from this row to a column without a row.
      rowOf[0] = row;
      int column = 0;
      double[] distance = new double[n + 1];
      Arrays.fill(distance, Double.POSITIVE_INFINITY);
      boolean[] done = new boolean[n + 1];
      do {
        done[column] = true;
        int at = rowOf[column];
        double shortest = Double.POSITIVE_INFINITY;
        int next = 0;
        for (int j = 1; j <= n; j++) {
          if (done[j]) {
            continue;
          }
          double reduced = cost[at - 1][j - 1] - rowPrice[at] - columnPrice[j];
          if (reduced < distance[j]) {
            distance[j] = reduced;
            cameFrom[j] = column;
          }
          if (distance[j] < shortest) {
            shortest = distance[j];
            next = j;
          }
        }
        // 2. Prices that keep all reduced costs at 0 or more, and those on the path at 0.
        for (int j = 0; j <= n; j++) {
          if (done[j]) {
            rowPrice[rowOf[j]] += shortest;
            columnPrice[j] -= shortest;
          } else {
            distance[j] -= shortest;
          }
        }
        column = next;
      } while (rowOf[column] != 0);
      // 3. Along the path, each column goes to the row before it.
      while (column != 0) {
        rowOf[column] = rowOf[cameFrom[column]];
        column = cameFrom[column];
      }
    }
    int[] columnOf = new int[n];
    for (int j = 1; j <= n; j++) {
      columnOf[rowOf[j] - 1] = j - 1;
    }
    return columnOf;
  }
}
