call recoder#define('typescript')
