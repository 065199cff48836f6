<?php

declare(strict_types=1);

namespace App\Kitchen;

use App\Pantry\{Shelf, Jar as Pot};
use DateTimeImmutable;
use Psr\Log\LoggerInterface as Log;
use function array_sum;

require_once __DIR__ . '/measures.php';

const OVENS = 2;
define('HOTTEST', 280);

/**
 * Something that can be served.
 *
 * @template T
 */
interface Servable
{
    public const TABLES = 8;

    public function serve(int $guests): Plate;
}

trait Seasoned
{
    protected float $saltGrams = 1.5;

    public function season(float $grams): static
    {
        $this->saltGrams += $grams;
        return $this;
    }
}

enum Course: string
{
    case Starter = 'starter';
    case Main = 'main';

    public static function first(): self
    {
        return self::Starter;
    }
}

/** A soup, hot or cold. */
#[Attribute]
final class Soup extends Dish implements Servable
{
    use Seasoned;

    private static int $served = 0;
    /** When it was cooked. */
    public ?DateTimeImmutable $cooked = null, $eaten;

    public function __construct(private readonly Log $log, public string $name = 'broth')
    {
        parent::__construct();
    }

    // Fills one plate for each guest.
    public function serve(int $guests): Plate
    {
        $weigh = fn (Jar $jar): float => $jar->weight();
        self::$served++;
        $this->log->info(sprintf('%d guests', $guests));
        return new Plate(array_sum([$guests, $weigh(Pot::open())]));
    }

    abstract protected function taste();
}

function boil(Soup $soup, int $minutes = 10): Soup
{
    return $soup;
}
