import type { Command } from "commander";

/** `lynceus calibrate`: a scan of a step wedge to the calibration of a machine's mass by X-ray. */
export function registerCalibrate(program: Command): void {
  program
    .command("calibrate")
    .description("Make a lane's mass calibration from a scan of a step wedge")
    .argument("<wedge>", "description of the wedge, lynceus-wedge/1, JSON")
    .requiredOption("--out <file>", "calibration file to write; name it in the lane's `massCalibration`")
    .addHelpText(
      "after",
      '\nThe description: {"schema": "lynceus-wedge/1", "image": ["wedge.low.png", "wedge.high.png"],\n' +
        ' "steps": [{"material": "nylon", "gcm2": 1.15, "box": {"x": 10, "y": 10, "width": 20, "height": 20}}, …]}\n' +
        'Polyethylene, pressboard, aluminium and steel serve best: goods lie between the first two. "plates": [{"heightMm": 10,\n' +
        ' "massKg": 0.23, "box": {…}}, …] are two of known mass, on the belt and above it, in boxes with air around them.\n' +
        "A step may have `background`, a box beside it that shows the case it lies in, and an `image` of its own.\n" +
        "Images are named from its folder; the air level is read from NAME.json beside them, else estimated.",
    )
    .action(async (wedge: string, options: { readonly out: string }) => {
      const { calibrate } = await import("./run.ts");
      process.stdout.write(`${await calibrate(wedge, options.out)}\n`);
    });
}
