{-# LANGUAGE GADTs #-}
-- | Rules of a small game of chess.
module Game.Chess
  ( Board
  , move
  ) where

import Data.List (sortBy, nub)
import qualified Data.Map.Strict as Map
import Game.Piece

-- | Who is to move.
data Side = White | Black
  deriving (Eq, Show)

-- | One square of the board.
data Square = Square
  { file :: Int
  , rank :: !Int
  } deriving stock Eq

newtype Board = Board { squares :: Map.Map Square Piece }

type Moves = [Square]

data Tree a where
  Leaf :: Tree a
  Node :: a -> [Tree a] -> Tree a

-- | Whatever can be scored.
class Score a where
  -- | Higher is better.
  score :: a -> Int
  score _ = zero

  worst :: a

instance Score Board where
  score board = sum (map value (Map.elems (squares board)))
  worst = Board Map.empty

type family Owner a
type instance Owner Board = Side

-- | Moves a piece, if the rules allow it.
--
-- Nothing if they do not.
move :: Board -> Square -> Square -> Maybe Board
move board from to
  | from == to = Nothing
  | otherwise = do
      piece <- Map.lookup from (squares board)
      pure (place piece)
  where
    place piece = Board (Map.insert to piece (squares board))

opposite White = Black
opposite Black = White

infixl 6 |+|
(|+|) :: Int -> Int -> Int
a |+| b = a + b

zero, one :: Int
zero = 0
one = 1

foreign import ccall "math.h sin" c_sin :: Double -> Double

pattern Corner :: Square
pattern Corner = Square 0 0
