package io.tapestream.operators.train;

import io.tapestream.autodiff.TouchedRows;
import io.tapestream.models.ParameterVector;
import io.tapestream.parameterserver.BlockRange;
import io.tapestream.parameterserver.Gradient;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where in a step's gradient anything but zeros may lie: all of a parameter, or those rows of an
 * embedding table that the batch has named. A block with few of them travels as rows of a grid:
 *
 * <pre>
 *            | · | row 0 | row 1 | row 2 | … | · |      the block
 *   origin ──────┘   └─ width              touched: ▪▪      ▪        sent: the rows that hold a ▪
 * </pre>
 *
 * <p>The grid is that of a table in the block if it has a row for each value touched, or a finer
 * one that fits the block's ends; of several the one with the fewest bytes. So what is sent follows
 * from the batch and the block's place alone (I2), and zeros that lie in a row travel as such.
 */
final class TouchedValues {

  /** A table of which not all rows are touched: where it lies, and how long a row is. */
  private record Table(int from, int to, int width) {}

  /** How a block is seen as rows: where the first one begins. */
  private record Grid(int origin, int width) {}

  private static final int MANY = Integer.MAX_VALUE;

  private final ParameterVector parameters;
  private final List<Table> tables = new ArrayList<>();
  private int[] begins = new int[16]; // of stretches of touched values, ascending and apart
  private int[] ends = new int[16];
  private int stretches;

  /** Of a model's gradient. */
  TouchedValues(ParameterVector parameters) {
    this.parameters = parameters;
  }

  /** Takes note of what the step that ran last has touched. */
  void look() {
    stretches = 0;
    tables.clear();
    List<ParameterVector.Entry> entries = parameters.entries();
    for (int i = 0; i < entries.size() && entries.get(i).trained(); i++) {
      ParameterVector.Entry entry = entries.get(i);
      TouchedRows touched = parameters.variables().get(i).touchedRows();
      if (touched == null || touched.all()) {
        add(entry.offset(), entry.offset() + entry.shape().size());
      } else {
        addRows(entry, touched);
      }
    }
  }

  private void addRows(ParameterVector.Entry table, TouchedRows touched) {
    int width = table.shape().dim(1);
    tables.add(new Table(table.offset(), table.offset() + table.shape().size(), width));
    int[] rows = new int[touched.count()];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (int) touched.row(i);
    }
    Arrays.sort(rows);
    for (int row : rows) {
      add(table.offset() + row * width, table.offset() + (row + 1) * width);
    }
  }

  private void add(int begin, int end) {
    if (stretches > 0 && ends[stretches - 1] == begin) {
      ends[stretches - 1] = end;
      return;
    }
    if (stretches == begins.length) {
      begins = Arrays.copyOf(begins, 2 * stretches);
      ends = Arrays.copyOf(ends, 2 * stretches);
    }
    begins[stretches] = begin;
    ends[stretches++] = end;
  }

  /**
   * The gradient of a trained block as rows.
   *
   * @param most bytes that it takes in another form
   * @return empty if rows take as many
   */
  Optional<Gradient.Rows> rows(BlockRange block, int most) {
    if (tables.isEmpty()) {
      return Optional.empty();
    }
    Grid best = null;
    int fewest = MANY;
    for (Grid grid : grids(block)) {
      int rows = walk(block, grid, null);
      if (rows != MANY && (best == null || bytes(rows, grid) < bytes(fewest, best))) {
        best = grid;
        fewest = rows;
      }
    }
    return best == null || bytes(fewest, best) >= most
        ? Optional.empty()
        : Optional.of(read(block, best, fewest));
  }

  private static long bytes(int rows, Grid grid) {
    return (long) rows * (Integer.BYTES + (long) grid.width() * Float.BYTES);
  }

  /** Those that fit the tables in a block, and one that fits the block too. */
  private List<Grid> grids(BlockRange block) {
    List<Grid> grids = new ArrayList<>();
    int common = block.length();
    for (Table table : tables) {
      int origin = Math.floorMod(table.from() - block.from(), table.width());
      Grid grid = new Grid(origin, table.width());
      boolean inside = table.from() < block.to() && block.from() < table.to();
      if (inside && !grids.contains(grid)) {
        grids.add(grid);
        common = divisor(divisor(common, table.width()), origin);
      }
    }
    grids.add(new Grid(0, common));
    return grids;
  }

  private static int divisor(int a, int b) {
    return b == 0 ? a : divisor(b, a % b);
  }

  /**
   * Counts the rows of a grid that hold touched values.
   *
   * @param into takes their numbers; null if nobody wants them
   * @return {@link #MANY} if a value lies in no whole row
   */
  private int walk(BlockRange block, Grid grid, int @Nullable [] into) {
    int width = grid.width();
    int whole = (block.length() - grid.origin()) / width;
    int count = 0;
    int next = 0; // the first row not yet counted
    for (int i = firstIn(block); i < stretches && begins[i] < block.to(); i++) {
      int begin = Math.max(begins[i], block.from()) - block.from() - grid.origin();
      int end = Math.min(ends[i], block.to()) - block.from() - grid.origin();
      int last = (end + width - 1) / width;
      if (begin < 0 || last > whole) {
        return MANY;
      }
      for (int row = Math.max(next, begin / width); row < last; row++) {
        if (into != null) {
          into[count] = row;
        }
        count++;
      }
      next = last;
    }
    return count;
  }

  /** The first stretch that ends behind a block's beginning. */
  private int firstIn(BlockRange block) {
    int at = Arrays.binarySearch(ends, 0, stretches, block.from() + 1);
    return at < 0 ? -at - 1 : at;
  }

  private Gradient.Rows read(BlockRange block, Grid grid, int count) {
    int width = grid.width();
    int[] rows = new int[count];
    walk(block, grid, rows);
    float[] values = new float[count * width];
    for (int i = 0; i < count; i++) {
      int from = block.from() + grid.origin() + rows[i] * width;
      parameters.gradients().read(from, values, i * width, width);
    }
    return new Gradient.Rows(grid.origin(), width, rows, values);
  }
}
